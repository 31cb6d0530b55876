"""The writer of the event log: when a face is due, when rows go to the file, and what happens when it takes none."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Self

from edge.errors import EdgeError, LogError
from edge.events.backlog import CAPACITY, Backlog
from edge.events.clock import ClockWatch, boot_seconds
from edge.events.damage import is_damage
from edge.events.rows import Incident, is_finite, observe, utc_text
from edge.events.store import Store
from edge.results import FaceEmotion
from edge.settings import LogSettings

UPKEEP_SECONDS = 300.0  # between two looks at age and size
UPKEEP_PAUSE_SECONDS = 1.0  # between two batches of deletions: cameras come first
SETTLE_SECONDS = 3600.0  # nothing is deleted by age after a clock jump until NTP has had time to correct it
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 60.0

log = logging.getLogger(__name__)


class EventLog:
    """Opens or makes the file `path`, and later keeps rows in memory while it cannot be written.

    The constructor and the first `start_run` raise LogError; nothing else does. `steady` gives seconds that nobody can
    set.
    """

    def __init__(self, path: Path, settings: LogSettings, steady: Callable[[], float] = boot_seconds) -> None:
        self.path, self._settings, self._steady = path, settings, steady
        self.rows = 0
        """observations in the file, of this run"""
        self._due_s: dict[int, float] = {}
        self._backlog = Backlog()
        self._clock = ClockWatch(steady)
        self._utc = ""
        self._awaited: tuple[str, str, str] | None = None
        """source, model and UTC time of a run that the file does not know yet"""
        self._write_s = self._upkeep_s = self._retry_seconds = 0.0
        self._settled_s = float("-inf")
        self._failing = self._damaged = False
        try:
            self._store = Store(path, settings.interval_seconds)
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    @property
    def lost_rows(self) -> int:
        return self._backlog.lost_rows

    def start_run(self, source: str, model: str, now: datetime) -> None:
        """Note where the rows that follow come from; the run before goes on until the file can be written."""
        self.rest(now)
        self.flush()
        self._due_s.clear()
        self._awaited = (source, model, utc_text(now))
        if not self._failing:
            self._begin_run()

    def record(self, faces: Iterable[FaceEmotion], time_s: float, now: datetime) -> None:
        """Note each face whose last row is `interval_seconds` ago by `time_s`; `now` is its UTC time.

        To be called for every frame, also where there is no face: it writes what is due.
        """
        moment = self._note_time(now)
        self._note_faces(faces, time_s)
        self._write_what_is_due(moment)
        if moment >= self._upkeep_s and not self._failing:
            self._upkeep(moment)

    def rest(self, now: datetime) -> None:
        """Watch the clock and write what is due while no frames come; before the first run there is nothing to do."""
        if self._utc:
            self._write_what_is_due(self._note_time(now))

    def flush(self) -> None:
        """Write what waits; where that fails, it goes on waiting."""
        if not self._backlog and not self._failing:
            return
        try:
            if self._failing:
                self._store.reopen(self._damaged)
                self._damaged = False
            self._store.write(self._backlog.entries())
        except (sqlite3.Error, OSError, EdgeError) as error:
            self._failed(error)
        else:
            self._written()
            self._begin_run()

    def close(self) -> None:
        """Write what waits, and say what could not be; a second call does nothing."""
        self.flush()
        if not self._failing and self._utc:
            self._upkeep(self._steady())
        if self._backlog:
            self._backlog.give_up()
            log.error("%s: closed without being written again, %d rows are lost", self.path, self.lost_rows)
        self._utc, self._failing = "", False
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _note_time(self, now: datetime) -> float:
        """Note where the clock jumped; returns steady seconds."""
        moment, self._utc = self._steady(), utc_text(now)
        if not self._backlog and not self._failing:
            self._write_s = moment + self._settings.commit_seconds
        seconds = self._clock.jump_seconds(now)
        if seconds:
            log.warning("the clock jumped by %+.1f s; the log notes it, and keeps the order of its rows", seconds)
            self._backlog.add(
                Incident("clock_jump", self._utc, f"the clock jumped by {seconds:+.1f} s", seconds=seconds)
            )
            self._settled_s = moment + SETTLE_SECONDS
            self._write_s = min(self._write_s, moment)  # before the next `last_utc`, which is of the new clock
        return moment

    def _write_what_is_due(self, moment: float) -> None:
        if (self._backlog or self._failing) and moment >= self._write_s:
            self.flush()

    def _begin_run(self) -> None:
        """Begin the run that is awaited, if any."""
        if not self._awaited:
            return
        try:
            self._store.start_run(*self._awaited)
        except (sqlite3.Error, OSError) as error:
            if not self._utc:
                raise self._error(error) from error
            self._failed(error)
        else:
            self._utc, self._awaited = self._utc or self._awaited[-1], None

    def _note_faces(self, faces: Iterable[FaceEmotion], time_s: float) -> None:
        interval_seconds = self._settings.interval_seconds
        known = {
            track: due_s
            for track, due_s in self._due_s.items()
            if -interval_seconds <= time_s - due_s <= interval_seconds / 2  # a face away for longer begins anew
        }
        for face in faces:
            due_s = known.get(face.track, time_s)
            if time_s < due_s:
                continue
            known[face.track] = due_s + interval_seconds  # counted from `time_s`, each row would be late by a frame
            observation = observe(face, time_s, self._utc)
            if is_finite(face):
                self._backlog.add(observation)
            else:
                self._backlog.lose(observation)
        self._due_s = known

    def _upkeep(self, moment: float) -> None:
        keep_days = self._settings.keep_days if moment >= self._settled_s else 0.0
        try:
            more = self._store.upkeep(self._utc, keep_days, self._settings.max_megabytes)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
        else:
            self._upkeep_s = moment + (UPKEEP_PAUSE_SECONDS if more else UPKEEP_SECONDS)

    def _failed(self, error: Exception) -> None:
        if not self._failing:
            log.error("%s; up to %d rows wait in memory until it can be written again", self._error(error), CAPACITY)
        self._failing, self._damaged = True, self._damaged or is_damage(error)
        self._retry_seconds = min(max(2 * self._retry_seconds, FIRST_RETRY_SECONDS), LAST_RETRY_SECONDS)
        self._write_s = self._steady() + self._retry_seconds

    def _written(self) -> None:
        self.rows += self._backlog.rows
        if self._failing:
            words = "%s: the event log is written again; %d rows had waited, %d of this run are lost"
            log.warning(words, self.path, self._backlog.rows, self.lost_rows)
        self._failing, self._retry_seconds = False, 0.0
        self._backlog.clear()

    def _error(self, error: Exception) -> LogError:
        return LogError(
            f"{self.path}: cannot write the event log ({error}); free space, mend its permissions, or set log.path"
        )
