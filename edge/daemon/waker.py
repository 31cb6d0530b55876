"""Wake a thread that waits in a selector."""

import socket
from contextlib import suppress


class Waker:
    """Register it with the selector for reading; any thread may `wake`, the waiting one calls `clear` afterwards."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        return self._reader.fileno()

    def wake(self) -> None:
        with suppress(BlockingIOError):  # it will wake up anyway
            self._writer.send(b"x")

    def clear(self) -> None:
        self._reader.recv(4096)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()
