"""Write the event log: decide when rows go to the file, and keep them while it cannot be written."""

import enum
import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Self

from edge.errors import EdgeError, LogError
from edge.events.backlog import CAPACITY, Backlog
from edge.events.clock import ClockWatch, boot_seconds, is_synchronized
from edge.events.damage import is_damage
from edge.events.due import FaceSchedule
from edge.events.housekeeping import Housekeeping
from edge.events.rows import Incident, is_finite, observe, utc_text
from edge.events.store import Store
from edge.events.sums import WatchTime
from edge.results import FaceEmotion
from edge.settings import LogSettings

LONGEST_STEP_SECONDS = 10.0  # between two calls; longer ones are no time during which somebody watched
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0

logger = logging.getLogger(__name__)


class State(enum.Enum):
    NEW = enum.auto()
    """no run has begun"""
    WRITING = enum.auto()
    FAILING = enum.auto()
    """the file takes no rows; they wait in memory"""
    CLOSED = enum.auto()


class EventLog:
    """Opens or makes the file `path`, and later keeps rows in memory while it cannot be written.

    The constructor and the first `start_run` raise LogError; nothing else does. `steady` gives seconds that nobody can
    set, `synchronized` whether a time server has set the clock; `device` is the name that runs get.
    """

    def __init__(
        self,
        path: Path,
        settings: LogSettings,
        steady: Callable[[], float] = boot_seconds,
        synchronized: Callable[[], bool | None] = is_synchronized,
        device: str = "",
    ) -> None:
        self.path = path
        self.rows = 0
        """observations in the file, of this run"""
        self._commit_seconds = settings.commit_seconds
        self._steady = steady
        self._state = State.NEW
        self._damaged = False
        self._utc = ""
        self._awaited: tuple[str, str, str] | None = None
        """source, model and UTC time of a run that the file does not know yet"""
        self._schedule = FaceSchedule(settings.interval_seconds)
        self._backlog = Backlog()
        self._clock = ClockWatch(steady)
        self._watch = WatchTime()
        self._last_s = steady()
        """of the last call"""
        self._write_s = 0.0
        """when what waits is written, in steady seconds"""
        self._retry_seconds = 0.0
        try:
            self._store = Store(path, settings, device)
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error
        self._housekeeping = Housekeeping(self._store, settings.keep_days, steady, synchronized, self._last_s)

    @property
    def lost_rows(self) -> int:
        return self._backlog.lost_rows

    def start_run(self, source: str, model: str, now: datetime) -> None:
        """Note where the rows that follow come from; the run before goes on until the file can be written."""
        self.tick(now)
        self.flush()
        self._schedule.restart()
        self._awaited = (source, model, utc_text(now))
        if self._state != State.FAILING:
            self._begin_run()

    def record(self, faces: Iterable[FaceEmotion], time_s: float, now: datetime) -> None:
        """Note each face whose last row is `interval_seconds` ago by `time_s`; `now` is its UTC time.

        To be called for every frame, also where there is no face: it writes what is due.
        """
        moment = self._note_time(now)
        self._watch.add(self._utc, watched_seconds=self._step(moment))
        for face in self._schedule.due(faces, time_s):
            observation = observe(face, time_s, self._utc)
            if is_finite(face):
                self._backlog.add(observation)
            else:
                self._backlog.lose(observation)
        self._do_what_is_due(moment, watching=True)

    def tick(self, now: datetime, paused: bool = False) -> None:
        """Call regularly while no frames arrive: checks the clock, does what is due. No-op before the first run."""
        if self._state in (State.NEW, State.CLOSED):
            return
        moment = self._note_time(now)
        step = self._step(moment)
        self._watch.add(self._utc, paused_seconds=step if paused else 0.0)
        self._do_what_is_due(moment, watching=False)

    def flush(self) -> None:
        """Write what waits; where that fails, it goes on waiting."""
        if not self._backlog and self._state != State.FAILING:
            return
        try:
            if self._state == State.FAILING:
                self._store.reopen(self._damaged)
                self._damaged = False
            written = self._store.write(self._backlog.entries())
        except (sqlite3.Error, OSError, EdgeError) as error:
            self._failed(error)
        else:
            self._written(written)
            self._begin_run()

    def close(self) -> None:
        """Write what waits, and say what could not be; a second call does nothing."""
        self.flush()
        if self._state == State.WRITING:
            self._upkeep(self._steady(), watching=True)
            self.flush()
        if self._backlog:
            self._backlog.give_up()
            logger.error(
                "%s: closed without being written again, %d rows are lost",
                self.path,
                self.lost_rows,
            )
        self._state = State.CLOSED
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _note_time(self, now: datetime) -> float:
        """Note where the clock jumped; returns steady seconds."""
        moment = self._steady()
        self._utc = utc_text(now)
        if not self._backlog and self._state != State.FAILING:
            self._write_s = moment + self._commit_seconds
        seconds = self._clock.jump_seconds(now)
        if seconds:
            self._note_jump(seconds, moment)
        return moment

    def _note_jump(self, seconds: float, moment: float) -> None:
        logger.warning(
            "the clock jumped by %+.1f s; the log notes it, and keeps the order of its rows",
            seconds,
        )
        self._backlog.add(Incident("clock_jump", self._utc, f"the clock jumped by {seconds:+.1f} s", seconds=seconds))
        self._watch.move(seconds)
        self._housekeeping.clock_jumped(moment)
        self._write_s = min(self._write_s, moment)  # before the next `last_utc`, which is of the new clock

    def _step(self, moment: float) -> float:
        """Seconds since the last call, 0 where there was none for long."""
        step = moment - self._last_s
        self._last_s = moment
        return step if step <= LONGEST_STEP_SECONDS else 0.0

    def _do_what_is_due(self, moment: float, watching: bool) -> None:
        if self._state == State.WRITING:
            self._look_at_file(moment)
        if (self._backlog or self._state == State.FAILING) and moment >= self._write_s:
            self.flush()
        if self._state == State.WRITING and self._housekeeping.is_upkeep_due(moment):
            self._upkeep(moment, watching)

    def _begin_run(self) -> None:
        """Begin the run that is awaited, if any."""
        if not self._awaited:
            return
        try:
            self._store.start_run(*self._awaited)
        except (sqlite3.Error, OSError) as error:
            if self._state == State.NEW:
                raise self._error(error) from error
            self._failed(error)
        else:
            self._state = State.WRITING
            self._watch = WatchTime()
            self._utc = self._utc or self._awaited[-1]
            self._awaited = None

    def _look_at_file(self, moment: float) -> None:
        try:
            self._housekeeping.look(moment)
        except (OSError, EdgeError) as error:
            self._failed(error)

    def _upkeep(self, moment: float, watching: bool) -> None:
        try:
            refused = self._housekeeping.upkeep(moment, self._utc, self._watch.hours, watching)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return
        if refused:
            logger.warning("%s: %s", self.path, refused)
            self._backlog.add(Incident("deletion_refused", self._utc, refused))
            self.flush()

    def _failed(self, error: Exception) -> None:
        if self._state != State.FAILING:
            logger.error(
                "%s; up to %d rows wait in memory until it can be written again",
                self._error(error),
                CAPACITY,
            )
        self._state = State.FAILING
        self._damaged = self._damaged or is_damage(error)
        self._retry_seconds = min(max(2 * self._retry_seconds, FIRST_RETRY_SECONDS), LAST_RETRY_SECONDS)
        self._write_s = self._steady() + self._retry_seconds

    def _written(self, rows: int) -> None:
        self.rows += rows
        if self._state == State.FAILING:
            words = "%s: the event log is written again; %d rows had waited, %d of this run are lost"
            logger.warning(words, self.path, rows, self.lost_rows)
        self._state = State.WRITING
        self._retry_seconds = 0.0
        self._backlog.clear()

    def _error(self, error: Exception) -> LogError:
        remedy = "free space, fix its permissions, or set log.path"
        if self.path.is_dir() or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
            remedy = "it is a folder, or another program's file: give another --log, or set log.path"
        return LogError(f"{self.path}: cannot write the event log ({error})", remedy)
