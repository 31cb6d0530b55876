"""The daemon's live socket, read by one thread for all viewers.

The connection stands while somebody watches and a while longer; else the daemon would make messages for nobody. In
between, a look a minute tells since when the daemon is gone.
"""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from edge.daemon.unix_socket import short
from edge.gateway.messages import Message, ProtocolError, RawPicture, check_hello, read_message, read_picture

LINGER_SECONDS = 20.0  # after the last viewer, so that a reloaded page finds the connection standing
PROBE_SECONDS = 60.0  # between two looks while nobody watches
PICTURE_SECONDS = 0.1  # between two frames, however many viewers: each costs the daemon a copy
RETRY_SECONDS = 1.0  # between two tries while somebody does
ANSWER_SECONDS = 5.0  # a daemon that does not say within this how it is, is a broken one

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What is known of the daemon at one moment."""

    version: int = 0
    """grows with every change"""
    connected: bool = False
    since_s: float = 0.0
    """monotonic time at which the connection came, or went"""
    hello: Message | None = None
    """the daemon's first line; kept when it is gone"""
    live: Message | None = None
    """its newest line; None while there is no connection"""
    source: str = ""
    """name of the camera that it last watched"""
    problem: str = ""
    """what is wrong with a daemon that is there"""
    heard_s: float = 0.0
    """monotonic time of its newest line"""


class LiveClient:
    """Keeps the newest message and frame of the socket `path`, and wakes those who wait for one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._snapshot = Snapshot(since_s=time.monotonic())
        self._picture: RawPicture | None = None
        self._asked_s = float("-inf")
        """when a frame was asked for"""
        self._ask_s = float("-inf")
        """when one may be asked for again"""
        self._viewers = 0
        self._left_s = float("-inf")
        self._connection: socket.socket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            with suppress(OSError):
                if self._connection:
                    self._connection.shutdown(socket.SHUT_RDWR)
            self._changed.notify_all()
        self._thread.join(timeout=5)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this is open, the connection stands or is tried every second."""
        with self._changed:
            self._viewers += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._viewers -= 1
                self._left_s = time.monotonic()

    def wait(self, version: int, timeout_seconds: float) -> Snapshot:
        """The snapshot, once it is newer than `version`, or as it is after `timeout_seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._snapshot.version > version or self._closed, timeout_seconds)
            return self._snapshot

    def settled(self, timeout_seconds: float) -> Snapshot:
        """The snapshot, once the daemon has said how it is; to be called while watching."""
        with self._changed:
            self._changed.wait_for(lambda: self._snapshot.live is not None or self._closed, timeout_seconds)
            return self._snapshot

    def next_live(self, timeout_seconds: float) -> Message | None:
        """The next message about a frame; None where none came in time."""
        deadline_s = time.monotonic() + timeout_seconds
        snapshot = self._snapshot
        while (rest_s := deadline_s - time.monotonic()) > 0 and not self._closed:
            snapshot = self.wait(snapshot.version, rest_s)
            if snapshot.live and min(snapshot.live["frame_px"]) > 0:
                return snapshot.live
        return None

    def picture(self, after: RawPicture | None, timeout_seconds: float) -> RawPicture | None:
        """A frame newer than `after`, which all who wait share; None where none came in time."""
        deadline_s = time.monotonic() + timeout_seconds
        with self._changed:
            if after is None:
                after = self._picture
            while self._picture is after:
                rest_s = deadline_s - time.monotonic()
                if rest_s <= 0 or self._closed:
                    return None
                self._changed.wait(min(rest_s, self._ask_for_frame()))
            return self._picture

    def send(self, message: Message) -> bool:
        """Send `message`; returns whether the daemon is there to read it."""
        with self._changed:
            connection = self._connection if self._snapshot.connected else None
            try:
                if connection is not None:
                    connection.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                return False
            return connection is not None

    def _ask_for_frame(self) -> float:
        """One question at a time, whoever waits, again where no answer comes; returns the seconds until the next."""
        now_s = time.monotonic()
        if not self._snapshot.connected or self._connection is None:
            return RETRY_SECONDS
        if now_s < self._ask_s:
            return self._ask_s - now_s
        self._asked_s = now_s
        self._ask_s = now_s + RETRY_SECONDS
        with suppress(OSError):  # the reading thread meets it as well, and says so
            self._connection.sendall(b'{"type":"frame"}\n')
        return RETRY_SECONDS

    def _run(self) -> None:
        while not self._closed:
            try:
                self._converse()
            except (OSError, ProtocolError) as error:
                self._lose(error)
            with self._changed:
                if self._watched():
                    self._changed.wait_for(lambda: self._closed, RETRY_SECONDS)
                else:
                    self._changed.wait_for(lambda: self._closed or self._viewers > 0, PROBE_SECONDS)

    def _converse(self) -> None:
        """Read until nobody watches any more; raises OSError or ProtocolError where the daemon is gone or strange."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            with short(self._path) as address:
                connection.connect(address)
            with connection.makefile("rb") as stream:
                self._greet(connection, read_message(stream))
                try:
                    self._take(stream, read_message(stream))  # how it is now, in answer to the connection
                    connection.settimeout(None)  # a paused daemon has nothing to say, for days
                    while self._watched() and not self._closed:
                        self._take(stream, read_message(stream))
                finally:
                    self._hang_up()

    def _greet(self, connection: socket.socket, hello: Message) -> None:
        check_hello(hello)
        with self._changed:
            self._connection = connection
            self._ask_s = float("-inf")
            now_s = time.monotonic()
            since_s = self._snapshot.since_s if self._snapshot.connected else now_s
            self._publish(connected=True, since_s=since_s, hello=hello, problem="", heard_s=now_s)

    def _take(self, stream: BinaryIO, message: Message) -> None:
        kind = message.get("type")
        if kind == "live":
            source = message.get("camera", {}).get("name") or self._snapshot.source
            with self._changed:
                self._publish(live=message, source=source, heard_s=time.monotonic())
        elif kind == "frame":
            picture = read_picture(stream, message)
            with self._changed:
                self._picture = picture
                self._ask_s = self._asked_s + PICTURE_SECONDS
                self._changed.notify_all()
        elif kind == "error":
            logger.warning("the daemon says: %s", message.get("message"))

    def _hang_up(self) -> None:
        """Forget what belongs to the connection, which nobody needs any more or which broke."""
        with self._changed:
            self._connection = None
            self._picture = None
            self._publish(live=None)

    def _lose(self, error: Exception) -> None:
        problem = str(error) if isinstance(error, ProtocolError) and not self._snapshot.connected else ""
        with self._changed:
            if self._snapshot.connected and not self._closed:
                logger.warning("the daemon is gone (%s); waiting for it", error)
                self._publish(connected=False, since_s=time.monotonic(), live=None)
            elif problem != self._snapshot.problem:
                self._publish(problem=problem)

    def _publish(self, **changes: Any) -> None:
        self._snapshot = replace(self._snapshot, version=self._snapshot.version + 1, **changes)
        self._changed.notify_all()

    def _watched(self) -> bool:
        return self._viewers > 0 or time.monotonic() - self._left_s < LINGER_SECONDS


def utc_of(monotonic_s: float) -> str:
    """That moment by the wall clock of now, which may have been set since then."""
    ago = timedelta(seconds=time.monotonic() - monotonic_s)
    return (datetime.now(UTC) - ago).isoformat(timespec="milliseconds")
