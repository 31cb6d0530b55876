"""What the event log's tests share: a face, a clock that a test turns, a look into the file."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from edge.errors import EdgeError
from edge.events import EventLog
from edge.results import FaceEmotion
from edge.settings import LogSettings

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
PROBABILITIES = np.array([0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1], np.float32)
AT_ONCE = LogSettings(interval_seconds=1.0, commit_seconds=0.0)
DAY_SECONDS = 86400
SUMS_OF_ROWS = """
SELECT CAST(strftime('%s', utc) AS INTEGER) / 3600 AS hour, emotion, sum(interval_seconds),
    sum(certain * interval_seconds)
FROM observations JOIN runs ON runs.id = run GROUP BY hour, emotion ORDER BY hour, emotion
"""


@dataclass
class Clock:
    """Steady seconds, and beside them a clock that can be set."""

    steady_s: float = 0.0
    now: datetime = NOON
    synchronized: bool | None = True
    """whether a time server keeps it right; None where nobody can tell"""

    def __call__(self) -> float:
        return self.steady_s

    def is_synchronized(self) -> bool | None:
        return self.synchronized

    def go_on(self, seconds: float) -> None:
        self.steady_s += seconds
        self.now += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def face(track: int = 1, emotion: str = "happy", score: float = 0.8, certain: bool = True) -> FaceEmotion:
    return FaceEmotion(track, (10.04, 20.0, 100.0, 120.0), 0.97, emotion, score, certain, PROBABILITIES)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def open_log(path: Path, settings: LogSettings, clock: Clock, device: str = "") -> EventLog:
    return EventLog(path, settings, clock, clock.is_synchronized, device)


def fill(
    path: Path, seconds: int, settings: LogSettings = AT_ONCE, clock: Clock | None = None, device: str = ""
) -> None:
    """A run with one face, a row a second, every ten seconds another emotion and every minute another face."""
    clock = clock or Clock()
    with open_log(path, settings, clock, device) as events:
        events.start_run("test", "model", clock.now)
        for second in range(seconds):
            events.record([face(1 + second // 60, LABELS[second // 10 % 7])], float(second), clock.now)
            clock.go_on(1)


def fill_with_jumps(path: Path, clock: Clock, jumps: Mapping[int, float], seconds: int = 300) -> None:
    """A run with one face, a row a second; before those of `jumps` the clock jumps by so many seconds."""
    with open_log(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(seconds):
            clock.jump(jumps.get(second, 0))
            events.record([face()], second, clock.now)
            clock.go_on(1)


def check_episodes(path: Path) -> None:
    """Every observation belongs to one episode, and each episode says of its observations what they say."""
    found = rows(
        path,
        "SELECT count(*) = e.observations, min(o.id) = e.first_observation, max(o.id) = e.last_observation, "
        "max(o.score) = e.peak_score, abs(avg(o.score) - e.mean_score) < 1e-3, "
        "abs(avg(o.certain) - e.certain_share) < 1e-3, "
        "(SELECT utc || time_s FROM observations WHERE id = e.first_observation) = e.start_utc || e.start_s, "
        "(SELECT utc || time_s FROM observations WHERE id = e.last_observation) = e.end_utc || e.end_s "
        "FROM episodes e JOIN observations o ON o.id BETWEEN e.first_observation AND e.last_observation AND "
        "(o.run, o.track, o.emotion) = (e.run, e.track, e.emotion) GROUP BY e.id",
    )
    assert set(found) <= {(1,) * 8}
    assert [len(found)] == [count for (count,) in rows(path, "SELECT count(*) FROM episodes")]
    assert rows(path, "SELECT coalesce(sum(observations), 0) FROM episodes") == rows(
        path, "SELECT count(*) FROM observations"
    )


def check_sums(path: Path) -> None:
    """The hourly sums say what rows and episodes say, in a log whose clock never jumped."""
    found = rows(path, "SELECT hour, emotion, sum(seconds), sum(certain_seconds) FROM sums GROUP BY 1, 2 ORDER BY 1, 2")
    assert found == rows(path, SUMS_OF_ROWS)
    assert rows(path, "SELECT sum(episodes) FROM sums") == rows(path, "SELECT nullif(count(*), 0) FROM episodes")
    faces = "SELECT nullif(count(*), 0) FROM (SELECT DISTINCT run, track FROM episodes)"
    assert rows(path, "SELECT sum(faces) FROM sums") == rows(path, faces)


def keep_up(path: Path, settings: LogSettings, clock: Clock, seconds: int) -> None:
    """A run that sees nobody, for a day until the clock counts as settled and then some seconds."""
    with open_log(path, settings, clock) as events:
        settle(events, clock)
        for _ in range(seconds):
            events.record([], clock.steady_s, clock.now)
            clock.go_on(1)


def settle(events: EventLog, clock: Clock, hours: int = 25) -> None:
    """Begin a run and let time pass, until rows may be deleted by age."""
    events.start_run("test", "model", clock.now)
    for _ in range(hours):
        events.record([], clock.steady_s, clock.now)
        clock.go_on(3600)


def read_by_both(log: Path, folder: Path) -> list[str]:
    """What `export` and `report` tell of a log that may be damaged: words, or one of our errors, and nothing else."""
    from edge.commands.export import export
    from edge.commands.report import report

    told = []
    for table in ("observations", "episodes"):
        try:
            output = folder / f"{table}.csv"
            told.append(export([log], output, table, "csv", None, None).get(log, ""))  # type: ignore[arg-type]
        except EdgeError as error:
            told.append(str(error))
    try:
        told.append(report([log], folder / "report.html", None, None).get(log, ""))
    except EdgeError as error:
        told.append(str(error))
    return told
