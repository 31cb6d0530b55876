"""Write to standard output and error without waiting: what nobody reads is dropped, so it cannot stop the camera."""

import io
import os
import select
import socket
import stat

CLEAR_LINE = "\r\033[K"  # of a terminal: to its start, and away with what stands there
LONGEST_BYTES = 4096  # PIPE_BUF: a pipe takes so much at once or not at all


class DroppingStream(io.TextIOBase):
    """Writes to a descriptor without ever waiting or failing; text that cannot be written at once is dropped."""

    def __init__(self, descriptor: int) -> None:
        self.dropped = 0
        """texts that were dropped so far"""
        self._descriptor = descriptor
        self._terminal = os.isatty(descriptor)
        self._rest = b""
        """of a text that was written in part: what follows waits until it is whole"""
        self._socket = _socket(descriptor)
        self._own = _open_again(descriptor)

    def isatty(self) -> bool:
        return self._terminal

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        content = text.encode(errors="replace")[:LONGEST_BYTES]
        if self._rest:
            self._rest = self._rest[self._write_now(self._rest) :]
        written = 0 if self._rest else self._write_now(content)
        if written:
            self._rest = content[written:]
        elif content:
            self.dropped += 1
        return len(text)

    def _write_now(self, content: bytes) -> int:
        """Write what is taken at once; returns how many bytes that was."""
        try:
            if self._socket:
                return self._socket.send(content, socket.MSG_DONTWAIT)
            if self._own is not None:
                return os.write(self._own, content)
            if not select.select([], [self._descriptor], [], 0)[1]:
                return 0
            return os.write(self._descriptor, content)
        except (
            OSError,
            ValueError,
        ):  # full, closed, a disk without space; a number that `select` does not take
            return 0


def _socket(descriptor: int) -> socket.socket | None:
    """The journal's socket, or a remote shell's; None where it is no socket."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return None
    return socket.socket(fileno=os.dup(descriptor))


def _open_again(descriptor: int) -> int | None:
    """Open a pipe or terminal once more, without waiting: the first descriptor is shared with the shell, which waits.

    None for files, and where it belongs to somebody else, as after `sudo -u`: there `select` tells whether it has room.
    """
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISFIFO(mode) and not os.isatty(descriptor):
        return None
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
