"""What the event log's tests share: a face, a clock that a test turns, a look into the file."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from edge.analyzer import FaceEmotion
from edge.contract import LABELS
from edge.events import EventLog
from edge.settings import Log

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
PROBABILITIES = np.array([0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1], np.float32)
AT_ONCE = Log(interval_seconds=1.0, commit_seconds=0.0)


@dataclass
class Clock:
    """Steady seconds, and beside them a clock that can be set."""

    steady_s: float = 0.0
    now: datetime = NOON

    def __call__(self) -> float:
        return self.steady_s

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


def fill(path: Path, seconds: int, wanted: Log = AT_ONCE, clock: Clock | None = None) -> None:
    """A run with one face, a row a second, every ten seconds another emotion and every minute another face."""
    clock = clock or Clock()
    with EventLog(path, wanted, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(seconds):
            events.record([face(1 + second // 60, LABELS[second // 10 % 7])], float(second), clock.now)
            clock.go_on(1)


def check_episodes(path: Path) -> None:
    """Every observation belongs to one episode, and each episode says of its observations what they say."""
    found = rows(
        path,
        "SELECT e.id, e.observations, e.start_utc, e.end_utc, e.start_s, e.end_s, e.peak_score, e.mean_score, "
        "count(*), min(o.id) = e.first_observation AND max(o.id) = e.last_observation, o.utc, o.time_s, max(o.score), "
        "avg(o.score), abs(avg(o.certain) - e.certain_share) FROM episodes e JOIN observations o ON o.run = e.run AND "
        "o.track = e.track AND o.emotion = e.emotion AND o.id BETWEEN e.first_observation AND e.last_observation "
        "GROUP BY e.id",
    )
    for _, observations, *times, peak, mean, count, ids_fit, utc, time_s, max_score, avg, certain_error in found:
        assert (observations, ids_fit, peak) == (count, 1, max_score)
        assert utc in times
        assert time_s in times
        assert abs(mean - avg) < 1e-3  # type: ignore[operator]
        assert certain_error < 1e-3  # type: ignore[operator]
    assert [len(found)] == [count for (count,) in rows(path, "SELECT count(*) FROM episodes")]
    assert rows(path, "SELECT coalesce(sum(observations), 0) FROM episodes") == rows(
        path, "SELECT count(*) FROM observations"
    )
