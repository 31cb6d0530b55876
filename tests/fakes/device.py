"""A device in a folder: the real daemon and the real gateway as processes, and questions to the page."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.fakes.broker import free_port
from tests.program import environment

SECONDS = 30.0


class Device:
    """Close it to end the connections that are open."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.variables = environment(STATE_DIRECTORY=str(folder), **variables)
        self._opened = ExitStack()
        (folder / "settings.toml").write_text(f'[web]\nlisten = "127.0.0.1:{self.port}"\n')

    @property
    def socket(self) -> Path:
        return self.folder / "live.sock"

    @property
    def bearer(self) -> dict[str, str]:
        token = (self.folder / "web-token").read_text().strip()
        return {"Authorization": f"Bearer {token}"}

    @property
    def told(self) -> str:
        """What both said so far."""
        return (self.folder / "log.txt").read_text()

    @contextmanager
    def running(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        command = [sys.executable, "-m", "edge", *arguments, "--config", "settings.toml"]
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self.variables, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS)

    def ask(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        self._opened.callback(connection.close)
        connection.request("GET", path, headers=headers)
        return self._opened.enter_context(connection.getresponse())

    def wait_until_it_answers(self) -> None:
        deadline_s = time.monotonic() + 2 * SECONDS
        while time.monotonic() < deadline_s:
            with suppress(OSError):
                self.ask("/healthz").read()
                return
            time.sleep(0.1)
        raise AssertionError(self.told)

    def close(self) -> None:
        self._opened.close()


def next_picture(stream: http.client.HTTPResponse) -> bytes:
    """Of /stream.mjpg."""
    while line := stream.readline():
        if line.startswith(b"Content-Length: "):
            stream.readline()
            return stream.read(int(line.split(b":")[1]))
    raise AssertionError("the stream of pictures ended")
