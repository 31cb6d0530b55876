"""The real daemon on the demo, and a program that looks on at its live socket."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from edge.cameras import DEMO
from edge.daemon.unix_socket import short
from tests.program import environment

Message = dict[str, Any]


class Looker:
    """Connects to the socket `path`, and reads lines and frames."""

    def __init__(self, path: Path) -> None:
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.connection.settimeout(30)
        with short(path) as address:
            self.connection.connect(address)
        self.stream = self.connection.makefile("rb")
        self.frame = b""

    def ask(self, *messages: Message) -> None:
        self.connection.sendall(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def next(self, kind: str = "") -> Message:
        """The next message, of this kind if one is given; a frame's bytes are in `frame`."""
        while True:
            line = self.stream.readline()
            assert line.endswith(b"\n"), f"the connection has ended: {line!r}"
            message: Message = json.loads(line)
            if message["type"] == "frame":
                self.frame = self.stream.read(message["bytes"])
            if kind in ("", message["type"]):
                return message

    def next_live(self, state: str) -> Message:
        while (message := self.next("live"))["camera"]["state"] != state:
            pass
        return message

    def is_closed(self) -> bool:
        return self.stream.read(1) == b""

    def close(self) -> None:
        self.stream.close()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class LiveDaemon:
    """A running `edge run` in `folder`."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.path = folder / "logs" / "live.sock"

    def wait_until_it_listens(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            if "watching" in line or "paused" in line:
                return
        raise AssertionError("it ended at once")

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        _, diagnostics = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, diagnostics
        assert "Traceback" not in diagnostics
        return diagnostics


@contextmanager
def live_daemon(folder: Path, *arguments: object, **more: str) -> Iterator[LiveDaemon]:
    command = [sys.executable, "-m", "edge", "run", "--source", str(DEMO), "--realtime", *map(str, arguments)]
    variables = environment(JOURNAL_STREAM="8:1234", **more)
    with subprocess.Popen(command, cwd=folder, env=variables, stdout=-1, stderr=-1, text=True) as process:
        try:
            running = LiveDaemon(process, folder)
            running.wait_until_it_listens()
            yield running
        finally:
            process.kill()
