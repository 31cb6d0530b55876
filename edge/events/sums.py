"""Keep sums by hour and emotion. They stay when rows are deleted, make a year quick to read, and hold no face numbers.

Hours count from 1970 in UTC. Each belongs to a run, so that a jump of the clock moves what the run had counted before;
it moves by whole hours, the nearest.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

from edge.events.rows import HOUR_SECONDS, Observation, hour_of

HOURS_AT_HAND = 24  # of the run, still in memory: the clock may be set back into one of them
FAR_HOURS = 10**9  # hours are moved out there and back, since an hour may not stand twice even for a moment

UPSERT_SUM = """
INSERT INTO sums (hour, run, emotion, seconds, certain_seconds, episodes, faces) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hour, run, emotion) DO UPDATE SET seconds = excluded.seconds,
    certain_seconds = excluded.certain_seconds, episodes = excluded.episodes, faces = excluded.faces
"""
UPSERT_WATCH = """
INSERT INTO watch (hour, run, watched_seconds, paused_seconds) VALUES (?, ?, ?, ?)
ON CONFLICT (hour, run) DO UPDATE SET
    watched_seconds = excluded.watched_seconds, paused_seconds = excluded.paused_seconds
"""
LOAD = "SELECT hour, emotion, seconds, certain_seconds, episodes, faces FROM sums WHERE run = ? AND hour >= ?"

Key = tuple[int, str]
"""hour and emotion"""
SumValues = tuple[int, int, str, float, float, int, int]
"""a row of the table"""
Watch = dict[int, tuple[float, float]]
"""by hour: seconds watched, seconds paused"""


@dataclass(frozen=True, slots=True)
class Sum:
    seconds: float = 0.0
    """of face time"""
    certain_seconds: float = 0.0
    episodes: int = 0
    """begun"""
    faces: int = 0
    """that came, showing this emotion first"""


class Sums:
    """What the last hours of one run add up to; `copy` it to try what a transaction would make of it."""

    def __init__(self, interval_seconds: float, totals: dict[Key, Sum] | None = None) -> None:
        self._interval_seconds = interval_seconds
        self._totals = totals or {}
        self._changed: set[Key] = set()
        """since the copy was taken"""

    def copy(self) -> Self:
        return type(self)(self._interval_seconds, dict(self._totals))

    def add(self, observation: Observation, begins_episode: bool, begins_visit: bool) -> None:
        key = (hour_of(observation.utc), observation.emotion)
        before = self._totals.get(key, Sum())
        self._totals[key] = replace(
            before,
            seconds=before.seconds + self._interval_seconds,
            certain_seconds=before.certain_seconds + self._interval_seconds * observation.certain,
            episodes=before.episodes + begins_episode,
            faces=before.faces + begins_visit,
        )
        self._changed.add(key)

    def move(self, seconds: float) -> None:
        hours = whole_hours(seconds)
        self._totals = {(hour + hours, emotion): found for (hour, emotion), found in self._totals.items()}
        self._changed = {(hour + hours, emotion) for hour, emotion in self._changed}

    def write_changed(self, database: sqlite3.Connection, run: int) -> None:
        self._write(database, run, self._changed)
        newest = max((hour for hour, _ in self._totals), default=0)
        self._totals = {key: found for key, found in self._totals.items() if key[0] > newest - HOURS_AT_HAND}

    def _write(self, database: sqlite3.Connection, run: int, keys: Collection[Key]) -> None:
        """Replace what stands in the file, so that writing twice doubles nothing."""
        database.executemany(UPSERT_SUM, [self._row(run, key) for key in keys])

    def rows(self, run: int) -> list[SumValues]:
        return [self._row(run, key) for key in self._totals]

    def _row(self, run: int, key: Key) -> SumValues:
        hour, emotion = key
        found = self._totals[key]
        return hour, run, emotion, found.seconds, found.certain_seconds, found.episodes, found.faces

    def undo(self, database: sqlite3.Connection, run: int) -> None:
        """Make the file say again what this, the last that is known to be written, says of its hours."""
        first_hour = min((hour for hour, _ in self._totals), default=0)
        database.execute("DELETE FROM sums WHERE run = ? AND hour >= ?", (run, first_hour))
        self._write(database, run, self._totals)


def load(database: sqlite3.Connection, run: int, interval_seconds: float) -> Sums:
    """The last hours of `run` as they stand in the file."""
    [newest] = database.execute("SELECT coalesce(max(hour), 0) FROM sums WHERE run = ?", (run,)).fetchone()
    rows = database.execute(LOAD, (run, newest - HOURS_AT_HAND + 1))
    return Sums(interval_seconds, {(row[0], row[1]): Sum(*row[2:]) for row in rows})


def write_watch(database: sqlite3.Connection, run: int, watch: Watch) -> None:
    rows = [(hour, run, round(watched, 1), round(paused, 1)) for hour, (watched, paused) in watch.items()]
    database.executemany(UPSERT_WATCH, rows)


def move_hours(database: sqlite3.Connection, run: int, seconds: float) -> None:
    """Repair the hours that `run` counted before the clock jumped by `seconds`."""
    hours = whole_hours(seconds)
    if not hours:
        return
    for table in ("sums", "watch"):
        database.execute(f"UPDATE {table} SET hour = hour + ? WHERE run = ?", (FAR_HOURS, run))
        database.execute(f"UPDATE {table} SET hour = hour - ? WHERE run = ?", (FAR_HOURS - hours, run))


def whole_hours(seconds: float) -> int:
    return round(seconds / HOUR_SECONDS)


class WatchTime:
    """How long the camera was watched and paused in each hour of this run."""

    def __init__(self) -> None:
        self.hours: Watch = {}

    def add(self, utc: str, watched_seconds: float = 0.0, paused_seconds: float = 0.0) -> None:
        if not watched_seconds and not paused_seconds:
            return
        hour = hour_of(utc)
        watched, paused = self.hours.get(hour, (0.0, 0.0))
        self.hours[hour] = (watched + watched_seconds, paused + paused_seconds)
        for old in [old for old in self.hours if not hour - HOURS_AT_HAND < old < hour + HOURS_AT_HAND]:
            del self.hours[old]

    def move(self, seconds: float) -> None:
        hours = whole_hours(seconds)
        self.hours = {hour + hours: found for hour, found in self.hours.items()}
