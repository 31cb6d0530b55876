"""What the page asks of the event log, as plain rows in true UTC times: repaired where the clock jumped."""

import bisect
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from edge.events.reader import ids_between, open_reader, spans
from edge.events.rows import utc_text

HOUR = timedelta(hours=1)
HOUR_LETTERS, MINUTE_LETTERS = 13, 16  # of an ISO time, up to its hour or minute
MIN_GAP = timedelta(minutes=1)  # between two runs; a restart takes less

SUMS = """
SELECT substr(utc, 1, :letters) AS time, emotion, sum(interval_seconds), sum(certain * interval_seconds)
FROM observations JOIN runs ON runs.id = run
WHERE observations.id BETWEEN :first AND :last AND utc >= :since AND utc < :until GROUP BY 1, 2
"""
EPISODES = """
SELECT run, track, emotion, start_utc, end_s - start_s + interval_seconds, mean_score, certain_share,
    episodes.first_observation
FROM episodes JOIN runs ON runs.id = run ORDER BY episodes.id DESC
"""
RUNS = """
SELECT id, started_utc, last_utc, source, model, first_observation,
    (SELECT coalesce(sum(seconds), 0.0) FROM incidents WHERE run = runs.id)
FROM runs ORDER BY id
"""
LAST_OBSERVATION = "SELECT id, utc FROM observations WHERE run = ? AND id < ? ORDER BY id DESC LIMIT 1"
INCIDENTS = "SELECT observation, kind, utc, end_utc, rows_lost, details FROM incidents ORDER BY id"


@dataclass(frozen=True)
class Sum:
    """How long faces showed one emotion in one stretch of time."""

    start: datetime
    emotion: str
    seconds: float
    certain_seconds: float


@dataclass(frozen=True)
class Episode:
    run: int
    track: int
    emotion: str
    start: datetime
    seconds: float
    mean_score: float
    certain_share: float


@dataclass(frozen=True)
class Gap:
    """When nothing was logged, or something happened that a reader should know."""

    start: datetime
    end: datetime
    kind: str
    """not_running, or an incident's: clock_jump, clock_behind, rows_lost, file_set_aside"""
    details: str
    rows_lost: int = 0


@dataclass(frozen=True)
class Run:
    id: int
    start: datetime
    end: datetime
    source: str
    model: str


class LogReader:
    """One moment's view of a log; made by `open_log`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._spans = spans(database)

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Raises UsageError where there is no log, LogError where it cannot be read, also later on."""
        with open_reader(path) as database:
            yield cls(database)

    def sums(self, since: datetime, until: datetime, bucket: timedelta) -> Iterator[Sum]:
        """By hour where `bucket` is an hour or more, else by minute."""
        letters = HOUR_LETTERS if bucket >= HOUR else MINUTE_LETTERS
        for span in self._spans:
            shift = timedelta(seconds=span.shift_seconds)
            first, last = ids_between(self._database, span, since - shift, until - shift)
            limits = {"since": utc_text(since - shift), "until": utc_text(until - shift)}
            values = {"letters": letters, "first": first, "last": last, **limits}
            for text, emotion, seconds, certain_seconds in self._database.execute(SUMS, values):
                moment = _moment(f"{text}:00" if letters == HOUR_LETTERS else text)
                if moment:
                    yield Sum(moment + shift, emotion, seconds, certain_seconds)

    def episodes(self, since: datetime, until: datetime) -> Iterator[Episode]:
        """Newest first."""
        for run, track, emotion, text, seconds, score, certain, first in self._database.execute(EPISODES):
            start = _moment(text)
            if start is None:
                continue
            start += self._shift(first)
            if start < until and start + timedelta(seconds=seconds) >= since:
                yield Episode(run, track, emotion, start, seconds, score, certain)

    def runs(self) -> list[Run]:
        """Oldest first; a run ends with its last sign of life."""
        rows = self._database.execute(RUNS).fetchall()
        next_ids = [row[5] for row in rows[1:]] + [2**62]
        found = []
        for (id, started, last, source, model, _, jumps_seconds), next_id in zip(rows, next_ids, strict=False):
            start = _moment(started)
            end = self._last_sign(id, next_id, _moment(last))
            if start and end:
                found.append(Run(id, start + timedelta(seconds=jumps_seconds), end, source, model))
        return found

    def gaps(self, since: datetime, until: datetime) -> list[Gap]:
        """When the daemon did not run, and what it noted down, oldest first."""
        runs = self.runs()
        found = [
            Gap(before.end, after.start, "not_running", "not running")
            for before, after in itertools.pairwise(runs)
            if after.start - before.end >= MIN_GAP
        ]
        for observation, kind, utc, end_utc, rows_lost, details in self._database.execute(INCIDENTS):
            start, end = _moment(utc), _moment(end_utc or utc)
            if start and end:
                shift = self._shift(observation + 1)
                found.append(Gap(start + shift, end + shift, kind, details, rows_lost))
        in_time = [gap for gap in found if gap.end >= since and gap.start < until]
        return sorted(in_time, key=lambda gap: gap.start)

    def table(
        self, name: str, since: datetime | None, until: datetime
    ) -> tuple[list[str], Iterator[tuple[object, ...]]]:
        """Columns and rows of the table `name`, in the order of events."""
        columns = [row[1] for row in self._database.execute(f"PRAGMA table_info({name})")]
        rows = self._observations(since, until) if name == "observations" else self._episode_rows(since, until)
        return columns, rows

    def _observations(self, since: datetime | None, until: datetime) -> Iterator[tuple[object, ...]]:
        query = "SELECT * FROM observations WHERE id BETWEEN ? AND ? AND utc >= ? AND utc < ? ORDER BY id"
        for span in self._spans:
            ids = ids_between(self._database, span, since, until)
            yield from self._database.execute(query, (*ids, utc_text(since) if since else "", utc_text(until)))

    def _episode_rows(self, since: datetime | None, until: datetime) -> Iterator[tuple[object, ...]]:
        query = "SELECT * FROM episodes WHERE end_utc >= ? AND start_utc < ? ORDER BY id"
        yield from self._database.execute(query, (utc_text(since) if since else "", utc_text(until)))

    def _last_sign(self, run: int, next_id: int, noted: datetime | None) -> datetime | None:
        observed = self._database.execute(LAST_OBSERVATION, (run, next_id)).fetchone()
        moment = _moment(observed[1]) if observed else None
        signs = [noted, moment + self._shift(observed[0]) if moment else None]
        return max((sign for sign in signs if sign), default=None)

    def _shift(self, observation_id: int) -> timedelta:
        """What the later jumps of the clock add to the time of this observation."""
        place = bisect.bisect_left([span.last_id for span in self._spans], observation_id)
        return timedelta(seconds=self._spans[place].shift_seconds if place < len(self._spans) else 0.0)


def _moment(text: object) -> datetime | None:
    """An ISO time; None for what a damaged file made of it."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
