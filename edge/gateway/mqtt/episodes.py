"""Sends the log's episodes: each that has ended at least once, in the order of their ends, whatever breaks.

The log is the queue. What has ended is sent a few at a time; the stored cursor moves when the broker has acknowledged
them, and after a lost connection, a restart or a kill sending begins anew behind it. What still grows is sent as
`new` and `update` for who watches, and forgotten where nobody is there.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from edge.errors import EdgeError
from edge.events.ended import Backlog, Mark
from edge.events.reader import open_reader
from edge.events.records import EpisodeRow
from edge.gateway.mqtt.cursor import Cursor
from edge.gateway.mqtt.payloads import Events, Kind, encode
from edge.gateway.mqtt.topics import Topics

LOOK_SECONDS = 1.0  # between two looks whether the log has grown
BATCH = 20  # episodes on the way at once: more would not be faster, and all come twice after a lost connection
AHEAD = 500  # episodes read at once
QUIET_SECONDS = 30.0  # and log.commit_seconds: a log that has not grown for so long holds no episode that goes on
ACKNOWLEDGE_SECONDS = 20.0  # for a batch; a broker that takes longer is asked anew
NEWS_SECONDS = 600  # an automation in Home Assistant must not act on what ended earlier, such as a day's backlog

logger = logging.getLogger(__name__)


class Sent(Protocol):
    """A message on its way."""

    def is_published(self) -> bool: ...
    def wait_for_publish(self, timeout: float | None = None) -> None: ...


class Broker(Protocol):
    """What of `Connection` is needed here."""

    @property
    def number(self) -> int: ...
    @property
    def connected(self) -> bool: ...
    def publish(
        self,
        topic: str,
        payload: bytes | str,
        qos: int = 0,
        retain: bool = False,
    ) -> Sent | None: ...
    def drop(self, problem: str) -> None: ...


class LostError(Exception):
    """The connection ended before all was acknowledged."""


class EpisodeSender:
    """Looks at the log that `find_log` names, in a thread of its own from `start` to `close`."""

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        cursor: Cursor,
        find_log: Callable[[], Path],
        device: str,
        details: bool,
        commit_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._cursor = cursor
        self._find_log = find_log
        self._device = device
        self._details = details
        self._quiet_seconds = QUIET_SECONDS + commit_seconds
        self._clock = clock
        self._log = Path()
        self._signature: object = None
        """of the log's files, as they were at the last look"""
        self._grown_s = 0.0
        """when they last changed"""
        self._settled = False
        """whether the last look found nothing that grows or waits"""
        self._growing: dict[str, int] = {}
        """observations of the episodes that were announced and go on, by id"""
        self._problem = ""
        self._log_id = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-episodes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join(2.0)

    @property
    def deleted(self) -> int:
        """Episodes of this log that were deleted before they were sent."""
        return self._cursor.deleted(self._log_id)

    def look(self) -> bool:
        """Send what there is to send; returns whether more waits. Never raises."""
        if not self._broker.connected or not self._has_work():
            return False
        more = False
        done = False
        try:
            more = self._send()
            done = not more
        except LostError:
            pass
        except (EdgeError, OSError, sqlite3.Error) as error:
            self._say(str(error))
        if not done:
            self._signature = None  # look again, although the log be the same
        return more

    def _run(self) -> None:
        while not self._closed.is_set():
            if not self.look():
                self._closed.wait(LOOK_SECONDS)

    def _has_work(self) -> bool:
        """Whether the log has grown, or has been quiet for long enough to end what did."""
        log = self._find_log()
        signature = (log, *(_signature(log.with_name(log.name + part)) for part in ("", "-wal")))
        if signature == self._signature:
            return not self._settled and self._is_quiet()
        if log != self._log:
            self._log = log
            self._growing = {}
        self._signature = signature
        self._grown_s = self._clock()
        return True

    def _is_quiet(self) -> bool:
        return self._clock() - self._grown_s >= self._quiet_seconds

    def _send(self) -> bool:
        if not self._log.is_file():  # nothing was logged yet
            return False
        with open_reader(self._log) as log:
            self._log_id = log.log_id
            if not self._log_id:
                self._say(f"{self._log}: of an older version; its episodes are sent once the new one has opened it")
                return False
            backlog = log.ended(self._cursor.mark(self._log_id), AHEAD, self._is_quiet())
        self._problem = ""
        self._note(backlog)
        events = Events(self._device, self._log_id, self._details)
        self._send_ended(events, backlog)
        self._send_growing(events, backlog.growing)
        self._settled = not backlog.growing
        return len(backlog.ended) + len(backlog.growing) >= AHEAD

    def _note(self, backlog: Backlog) -> None:
        if backlog.deleted:
            words = "%d episodes were deleted from the log before the MQTT broker had them"
            logger.warning(words, backlog.deleted)
        self._cursor.move(self._log_id, backlog.mark, backlog.deleted)

    def _send_ended(self, events: Events, backlog: Backlog) -> None:
        """Raises LostError where the broker has not acknowledged all; the cursor then stands behind what it has."""
        mark = backlog.mark
        for first in range(0, len(backlog.ended), BATCH):
            mark = self._send_batch(events, backlog.ended[first : first + BATCH], mark)

    def _send_batch(self, events: Events, rows: Sequence[EpisodeRow], mark: Mark) -> Mark:
        number = self._broker.number
        on_the_way = [self._publish(events.message("end", row), row) for row in rows]
        deadline_s = self._clock() + ACKNOWLEDGE_SECONDS
        try:
            for row, sent in zip(rows, on_the_way, strict=True):
                self._wait(sent, number, deadline_s)
                self._growing.pop(f"{row.first_observation}", None)
                mark = mark.after(row)
        finally:
            self._cursor.move(self._log_id, mark, 0)
        return mark

    def _publish(self, message: dict[str, Any], row: EpisodeRow) -> Sent | None:
        """None where the connection is lost."""
        sent = self._broker.publish(self._topics.events, encode(message), qos=1)
        if datetime.now(UTC) - datetime.fromisoformat(row.end_utc) < timedelta(seconds=NEWS_SECONDS):
            self._broker.publish(self._topics.ha_event, encode(message), qos=1)
        return sent

    def _wait(self, sent: Sent | None, number: int, deadline_s: float) -> None:
        """Raises LostError where the connection `number` ends first."""
        while not _is_acknowledged(sent):
            if sent is None or self._broker.number != number or not self._broker.connected or self._closed.is_set():
                raise LostError
            if self._clock() > deadline_s:
                self._broker.drop(f"it acknowledged nothing for {ACKNOWLEDGE_SECONDS:g} s")
                raise LostError
            sent.wait_for_publish(0.2)

    def _send_growing(self, events: Events, rows: Sequence[EpisodeRow]) -> None:
        growing = {}
        for row in rows:
            key = f"{row.first_observation}"
            growing[key] = row.observations
            if self._growing.get(key) != row.observations:
                kind: Kind = "update" if key in self._growing else "new"
                self._broker.publish(self._topics.events, encode(events.message(kind, row)), qos=1)
        self._growing = growing

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            logger.warning("no episodes go to the MQTT broker: %s", problem)


def _is_acknowledged(sent: Sent | None) -> bool:
    """Raises LostError for what paho could not even send."""
    try:
        return sent is not None and sent.is_published()
    except (RuntimeError, ValueError) as error:
        raise LostError from error


def _signature(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; an empty one, which readers make beside the log, is as good as none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if found.st_size else None
