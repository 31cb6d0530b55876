"""The real gateway as a process, to be killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.edge.conftest import environment
from tests.fakes.broker import free_port


class GatewayProcess:
    """Runs `edge gateway` on the state of `folder` while it is open; `mqtt` are the lines of [mqtt]."""

    def __init__(self, folder: Path, mqtt: str) -> None:
        self._folder = folder
        self.config = folder / "settings.toml"
        self.config.write_text(f'[web]\nlisten = "127.0.0.1:{free_port()}"\n[mqtt]\n{mqtt}\n')
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "gateway", "--config", str(self.config)]
        with (self._folder / "gateway.txt").open("ab") as told:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment(STATE_DIRECTORY=str(self._folder)), stderr=told, stdout=told
            )

    @property
    def told(self) -> str:
        """Its journal, over all starts."""
        return (self._folder / "gateway.txt").read_text()

    def end(self, number: int) -> None:
        assert self._process
        os.kill(self._process.pid, number)
        self._process.wait(20)
