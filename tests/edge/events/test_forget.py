"""What is forgotten is gone from rows, episodes, sums and the bytes of the files, also while the daemon runs."""

import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from edge.contract import LABELS
from edge.errors import LogError, UsageError
from edge.events import EventLog
from edge.events.forget import forget
from edge.events.reader import open_reader
from edge.settings import LogSettings
from tests.fakes.eventlog import (
    AT_ONCE,
    DAY_SECONDS,
    NOON,
    Clock,
    check_episodes,
    check_sums,
    face,
    fill,
    fill_with_jumps,
    keep_up,
    rows,
)


@pytest.mark.parametrize(
    ("since", "until", "left"),
    [
        (None, 20_000, []),
        (3600, 20_000, [*range(3600)]),
        (None, 3600, [*range(3600, 5000)]),
        (1234, 1300, [*range(1234), *range(1300, 5000)]),
        (6000, 7000, [*range(5000)]),
    ],
)
def test_rows_episodes_and_sums_of_that_time_are_gone_and_no_others(
    since: int | None, until: int, left: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "log.db"
    fill(path, 5000, LogSettings(commit_seconds=600.0))
    done = forget(
        path, None if since is None else NOON + timedelta(seconds=since), NOON + timedelta(seconds=until), "a test"
    )
    assert done.rows == 5000 - len(left)
    assert done.overwritten
    assert [second for (second,) in rows(path, "SELECT time_s FROM observations ORDER BY id")] == left
    check_episodes(path)
    check_sums_of_whole_hours(path)
    [(kind, observation, details)] = rows(path, "SELECT kind, observation, details FROM incidents")
    assert (kind, observation) == ("forgotten", 5000)
    assert "a test" in str(details)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    fill(path, 3)
    assert rows(path, "SELECT max(id) FROM observations") == [(5003,)]  # no id comes twice
    check_episodes(path)


def check_sums_of_whole_hours(path: Path) -> None:
    seconds = "SELECT hour, sum(seconds), sum(certain_seconds) FROM sums GROUP BY 1 ORDER BY 1"
    from_rows = (
        "SELECT CAST(strftime('%s', utc) AS INTEGER) / 3600 AS hour, sum(1.0), sum(1.0 * certain) "
        "FROM observations GROUP BY hour ORDER BY hour"
    )
    assert rows(path, seconds) == rows(path, from_rows)


def test_the_bytes_are_gone_from_file_and_wal(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(500):
            events.record([face(emotion="disgust" if second > 100 else "happy")], second, clock.now)
            clock.go_on(1)
        forget(path, NOON + timedelta(seconds=101), clock.now, "a test")
        for part in tmp_path.iterdir():
            if not part.name.endswith("-shm"):
                content = part.read_bytes().replace(b"disgust REAL", b"")
                assert content.count(b"disgust") == 0, part
        assert b"happy" in path.read_bytes()


def test_what_waits_in_the_daemons_memory_is_forgotten_too(tmp_path: Path) -> None:
    """And an open episode, of which a part is forgotten, does not go on with what it knew."""
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, LogSettings(commit_seconds=10.0), clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(200):
            events.record([face(), face(2, "sad" if second > 95 else "fear")], second, clock.now)
            clock.go_on(1)
            if second == 105:
                done = forget(path, NOON + timedelta(seconds=50), clock.now, "a test")
                assert done.rows < 2 * 56  # some still waited
    kept = [*range(50), *range(106, 200)]
    assert rows(path, "SELECT time_s, count(*) FROM observations GROUP BY time_s") == [(second, 2) for second in kept]
    assert events.lost_rows == 0
    check_episodes(path)
    check_sums_of_whole_hours(path)


def test_a_time_is_the_true_one_where_the_clock_jumped(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill_with_jumps(path, Clock(), {100: -7200, 200: 7200})
    forget(path, NOON + timedelta(seconds=50), NOON + timedelta(seconds=150), "a test")
    assert [second for (second,) in rows(path, "SELECT time_s FROM observations")] == [*range(50), *range(150, 300)]
    with open_reader(path) as reader:
        assert [row[3] for row in reader.observations(NOON + timedelta(seconds=40), NOON + timedelta(seconds=160))] == [
            *range(40, 50),
            *range(150, 160),
        ]
    check_episodes(path)


def test_sums_whose_rows_are_gone_are_forgotten_by_the_hour(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 4 * 3600, LogSettings(commit_seconds=600.0), clock)
    clock.go_on(10 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=5.0), clock, 30)
    assert rows(path, "SELECT count(*) FROM observations") == [(1,)]
    forget(path, NOON + timedelta(hours=1, minutes=30), NOON + timedelta(hours=2), "a test")
    found = rows(path, "SELECT hour - (SELECT min(hour) FROM sums), sum(seconds) FROM sums GROUP BY hour")
    assert found == [(0, 3600.0), (3, 3600.0)]


def test_a_year_is_forgotten_in_steps_between_which_the_daemon_writes(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 10_000, LogSettings(commit_seconds=600.0), clock)
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        events.record([face()], 0, clock.now)
        clock.go_on(1)
        forget(path, None, clock.now, "a test")
        events.record([face()], 1, clock.now)
    assert rows(path, "SELECT time_s FROM observations") == [(1.0,)]
    assert path.stat().st_size < 1_500_000
    check_episodes(path)
    check_sums(path)


def test_forgetting_at_random_keeps_rows_episodes_and_sums_in_line(tmp_path: Path) -> None:
    chance = random.Random(7)
    for number in range(8):
        clock = Clock()
        path = tmp_path / f"{number}.db"
        with EventLog(path, LogSettings(commit_seconds=chance.choice([0.0, 7.0])), clock) as events:
            events.start_run("test", "model", clock.now)
            for second in range(400):
                faces = [
                    face(track, LABELS[(second // (10 * track)) % 3]) for track in (1, 2, 3) if second % 97 > track
                ]
                events.record(faces, second, clock.now)
                clock.go_on(1)
                if chance.random() < 0.02:
                    start = chance.uniform(-10, second)
                    end = start + chance.choice([1, 20, 1000])
                    until = min(NOON + timedelta(seconds=end), clock.now)
                    forget(path, NOON + timedelta(seconds=start), until, "a test")
                    with open_reader(path) as reader:
                        assert not [*reader.observations(NOON + timedelta(seconds=start), until)]
        check_episodes(path)
        check_sums_of_whole_hours(path)


def test_a_log_that_is_not_there_or_locked_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with pytest.raises(UsageError, match="no such event log"):
        forget(path, None, None, "a test")
    fill(path, 3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogError, match="locked"):
            forget(path, None, None, "a test")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(LogError, match="cannot be made to forget"):
        forget(path, None, None, "a test")


def test_a_reader_that_holds_on_is_told_and_ends_nothing(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        events.record([face()], 0, clock.now)
        clock.go_on(1)
        with open_reader(path) as reader:
            assert not forget(path, None, clock.now, "a test").overwritten
            assert len(list(reader.observations())) == 1  # as it was when it was opened
        assert rows(path, "SELECT count(*) FROM observations") == [(0,)]
        assert forget(path, None, clock.now, "a test").overwritten


def test_copies_beside_it_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 3)
    aside = tmp_path / "log.db.damaged-20261122T120000Z"
    aside.touch()
    assert forget(path, None, None, "a test").copies == [aside]
