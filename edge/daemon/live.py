"""Serve the live socket: tell programs on the same machine what the daemon sees. LIVE.md has the protocol."""

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec

from edge.daemon.messages import decode_request, encode, error_line
from edge.daemon.unix_socket import listen
from edge.daemon.viewer import TroubleError, Viewer
from edge.daemon.waker import Waker

MOST_VIEWERS = 16
GOODBYE_SECONDS = 1.0  # for the last message
OUT_OF_FILES_SECONDS = 0.2  # before another connection is taken in

Picture = tuple[dict[str, Any], memoryview]
"""a frame's line, and the pixels that follow it"""

logger = logging.getLogger(__name__)


class LiveServer:
    """Listens at `path` in a thread of its own; the frame loop hands over bytes, and never waits.

    `request_pause` is called with True for a pause and False for its end, and with who asked for it.
    """

    def __init__(self, path: Path, hello: dict[str, Any], request_pause: Callable[[bool, str], None]) -> None:
        self.viewers: list[Viewer] = []
        """who listens: while there is nobody, nothing needs to be made"""
        self.wants_state = False
        """somebody has come, and knows nothing yet"""
        self.frame_asked = False
        """somebody waits for the next frame"""
        self._path = path
        self._hello = encode(hello)
        self._request_pause = request_pause
        self._handing_over = threading.Lock()
        self._newest: bytes | None = None
        self._picture: tuple[bytes, memoryview] | None = None
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._waker = Waker()
        self._listener: socket.socket | None = None
        self._inode = 0
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to listen; where that is not possible, say why and go on without."""
        try:
            self._listener, self._inode = listen(self._path)
        except OSError as error:
            logger.warning("%s: no program can look on (%s)", self._path, error.strerror or error)
            return
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._thread.start()

    def publish(self, message: dict[str, Any], picture: Picture | None = None) -> None:
        """Tell all who listen, and show `picture` to those who asked for one; who is slow gets the newest only."""
        self.wants_state = False
        newest = encode(message)
        with self._handing_over:
            self._newest = newest
            if picture:
                self.frame_asked = False
                self._picture = (encode(picture[0]), picture[1])
        self._waker.wake()

    def close(self) -> None:
        """Say the last message, and remove the socket."""
        self._closing = True
        if self._thread.is_alive():
            self._waker.wake()
            self._thread.join(GOODBYE_SECONDS)
        if not self._thread.is_alive():
            self._selector.close()
            self._waker.close()
        if self._listener:
            self._listener.close()
            with suppress(OSError):
                if self._path.stat().st_ino == self._inode:  # and not another daemon's
                    self._path.unlink()

    def _run(self) -> None:
        while not self._closing:
            for key, events in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._waker:
                    self._waker.clear()
                    self._deliver()
                else:
                    self._serve(key.data, events)
        self._deliver()
        for viewer in self.viewers[:]:
            self._drop(viewer)

    def _accept(self) -> None:
        try:
            connection, _ = cast(socket.socket, self._listener).accept()
        except OSError as error:  # too many open files: the one who waits is still there
            logger.warning("%s: %s", self._path, error)
            time.sleep(OUT_OF_FILES_SECONDS)
            return
        viewer = Viewer(connection)
        if len(self.viewers) >= MOST_VIEWERS:
            self._drop_those_who_left()
        if len(self.viewers) >= MOST_VIEWERS:
            with suppress(OSError, TroubleError):
                viewer.offer_line(error_line(f"{MOST_VIEWERS} programs look on already; try again later"))
                viewer.send()
            connection.close()
            return
        viewer.offer_line(self._hello)
        self.viewers.append(viewer)
        self.wants_state = True
        self._attend(viewer, self._send)

    def _drop_those_who_left(self) -> None:
        for viewer in self.viewers[:]:
            if viewer.is_gone():
                self._drop(viewer)

    def _serve(self, viewer: Viewer, events: int) -> None:
        if events & selectors.EVENT_READ:
            self._attend(viewer, self._hear)
        self._attend(viewer, self._send)

    def _attend(self, viewer: Viewer, act: Callable[[Viewer], None]) -> None:
        """Do something for a viewer, who may be gone or make trouble."""
        if viewer not in self.viewers:
            return
        try:
            act(viewer)
        except TroubleError as trouble:
            with suppress(OSError):
                viewer.connection.send(error_line(f"{trouble}: goodbye"))
            self._drop(viewer)
        except OSError:
            self._drop(viewer)

    def _hear(self, viewer: Viewer) -> None:
        for line in viewer.read_lines():
            self._answer(viewer, line)
        if viewer.at_end and viewer.is_gone():
            self._drop(viewer)

    def _answer(self, viewer: Viewer, line: bytes) -> None:
        try:
            request = decode_request(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            viewer.offer_line(error_line('expected a JSON object with its type, as in {"type":"frame"}'))
            return
        if request.type == "frame":
            viewer.wants_frame = True
            self.frame_asked = True
        elif request.type in ("pause", "resume"):
            self._request_pause(request.type == "pause", request.by)
        else:
            known = "expected frame, pause or resume"
            viewer.offer_line(error_line(f"{request.type[:40]!r}: no such type; {known}"))

    def _deliver(self) -> None:
        """Hand out what the frame loop left, and send as much as is taken."""
        with self._handing_over:
            newest = self._newest
            picture = self._picture
            self._newest = None
            self._picture = None
        for viewer in self.viewers[:]:
            if picture and viewer.wants_frame and not viewer.has_frame:
                viewer.offer_frame(*picture)
            if newest:
                viewer.offer_live(newest)
            self._attend(viewer, self._send)

    def _send(self, viewer: Viewer) -> None:
        waits = viewer.send()
        if viewer.wants_frame and not viewer.has_frame:  # asked again before the last one went out
            self.frame_asked = True
        reads = 0 if viewer.at_end else selectors.EVENT_READ
        self._select(viewer, reads | (selectors.EVENT_WRITE if waits else 0))

    def _select(self, viewer: Viewer, events: int) -> None:
        """Wake up for these events of a viewer; 0 for none."""
        if events == viewer.events:
            return
        if not viewer.events:
            self._selector.register(viewer.connection, events, viewer)
        elif events:
            self._selector.modify(viewer.connection, events, viewer)
        else:
            self._selector.unregister(viewer.connection)
        viewer.events = events

    def _drop(self, viewer: Viewer) -> None:
        if viewer not in self.viewers:
            return
        self.viewers.remove(viewer)
        self._select(viewer, 0)
        viewer.connection.close()
        if viewer.dropped:
            logger.info("a program that looked on is gone; it was too slow for %d messages", viewer.dropped)
