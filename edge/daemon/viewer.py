"""One program at the live socket: what waits to be sent to it, and the requests that it sends."""

import select
import socket
import time
from collections import deque

LONGEST_LINE_BYTES = 4096  # a request has about 30
CHUNK_BYTES = 65_536
LINES_A_SECOND = 200  # a request for every frame of the fastest camera, and more
WAITING_LINES = 20  # answers that a viewer may leave unread
UNREAD_BYTES = 1 << 20  # that the kernel may hold, so that a frame is sent at once; it grants 416 kB (man unix)

Piece = bytes | memoryview


class TroubleError(Exception):
    """What a viewer does that ends its connection, in words for it."""


class Viewer:
    """Holds at most one live message that has not been sent: a newer one takes its place."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.wants_frame = False
        self.at_end = False
        """whether it has said all that it will; it may still listen"""
        self.dropped = 0
        """live messages that were overtaken by newer ones"""
        self.events = 0
        """for which the server's selector looks"""
        self._sending: list[Piece] = []
        """the rest of what is being sent"""
        self._lines: deque[bytes] = deque()
        self._frame: tuple[bytes, memoryview] | None = None
        self._live: bytes | None = None
        self._heard = b""
        self._second = 0
        self._lines_heard = 0
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)

    @property
    def has_frame(self) -> bool:
        """Whether a frame waits to be sent."""
        return self._frame is not None

    def offer_line(self, line: bytes) -> None:
        """Raises TroubleError where answers pile up unread."""
        if len(self._lines) >= WAITING_LINES:
            raise TroubleError("too many answers wait unread")
        self._lines.append(line)

    def offer_live(self, line: bytes) -> None:
        self.dropped += self._live is not None
        self._live = line

    def offer_frame(self, head: bytes, pixels: memoryview) -> None:
        self.wants_frame = False
        self._frame = (head, pixels)

    def send(self) -> bool:
        """Send what is taken at once; returns whether something still waits. Raises OSError where nobody is there."""
        while self._sending or self._take():
            try:
                sent = self.connection.sendmsg(self._sending)
            except BlockingIOError:
                return True
            self._forget(sent)
        return False

    def read_lines(self) -> list[bytes]:
        """Return the lines that have come.

        Raises TroubleError where they are too long or too many, OSError where the other side is gone.
        """
        try:
            chunk = self.connection.recv(CHUNK_BYTES)
        except BlockingIOError:
            return []
        self.at_end = not chunk
        *lines, self._heard = (self._heard + chunk).split(b"\n")
        if len(self._heard) > LONGEST_LINE_BYTES:
            raise TroubleError(f"a line has more than {LONGEST_LINE_BYTES} bytes")
        self._count(len(lines))
        return lines

    def is_gone(self) -> bool:
        """Whether the other side is closed in both directions."""
        poll = select.poll()
        poll.register(self.connection, 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

    def _take(self) -> bool:
        """Begin with all that waits: answers, then a frame, then the newest message; whether there is any."""
        self._sending.extend(self._lines)
        self._lines.clear()
        if self._frame:
            self._sending.extend(self._frame)
            self._frame = None
        if self._live:
            self._sending.append(self._live)
            self._live = None
        return bool(self._sending)

    def _forget(self, sent: int) -> None:
        """Keep what is left of the pieces after so many bytes."""
        while self._sending and sent >= len(self._sending[0]):
            sent -= len(self._sending.pop(0))
        if sent:
            self._sending[0] = self._sending[0][sent:]

    def _count(self, lines: int) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._lines_heard = 0
        self._lines_heard += lines
        if self._lines_heard > LINES_A_SECOND:
            raise TroubleError(f"more than {LINES_A_SECOND} lines a second")
