"""Hourly sums: right whatever happens, kept when rows go, and quick."""

import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.commands.report import tables
from edge.contract import LABELS
from edge.events import EventLog
from edge.events.reader import LogReader, open_reader
from edge.events.rows import hour_of, utc_text
from edge.settings import LogSettings
from tests.fakes.disk import full_disk
from tests.fakes.eventlog import (
    AT_ONCE,
    DAY_SECONDS,
    NOON,
    Clock,
    check_sums,
    face,
    fill,
    keep_up,
    rows,
)
from tests.fakes.log_writer import start_writer

SUMS = "SELECT hour, emotion, seconds, certain_seconds, episodes, faces FROM sums ORDER BY hour, emotion"


@pytest.mark.parametrize("commit_seconds", [0.0, 60.0])
def test_sums_say_what_the_rows_say(commit_seconds: float, tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    for _ in range(2):
        fill(path, 4000, LogSettings(commit_seconds=commit_seconds), clock)
        clock.go_on(5000)
    check_sums(path)
    assert len({row[0] for row in rows(path, SUMS)}) > 3


def test_a_jump_moves_what_its_run_has_counted_and_nothing_else(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 60, AT_ONCE, clock)
    clock.jump(-56 * 365 * DAY_SECONDS)
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(300):
            clock.jump({100: 56 * 365 * DAY_SECONDS, 200: 7200}.get(second, 0))
            events.record([face(emotion="sad")], second, clock.now)
            clock.go_on(1)
    noon = hour_of(utc_text(NOON))
    assert rows(path, "SELECT hour, run, sum(seconds) FROM sums GROUP BY 1, 2") == [
        (noon, 1, 60.0),
        (noon + 2, 2, 300.0),
    ]
    assert rows(path, "SELECT hour, round(sum(watched_seconds)) FROM watch GROUP BY 1") == [(noon, 59), (noon + 2, 299)]


def test_rows_that_waited_or_were_lost_count_as_they_stand_in_the_file(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(5000):
            if second % 900 < 300:
                with full_disk():
                    events.record([face(1 + second // 100, LABELS[second // 30 % 7])], second, clock.now)
            else:
                events.record([face(1 + second // 100, LABELS[second // 30 % 7])], second, clock.now)
            clock.go_on(1)
    assert events.lost_rows == 0
    check_sums(path)


def test_sums_fit_the_rows_after_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    for seed in range(4):
        with start_writer(path, 0.0) as process:
            assert process.stdout
            needed = random.Random(seed).randrange(1, 300)
            for number, _ in enumerate(process.stdout):
                if number == needed:
                    process.kill()
        counted = rows(path, "SELECT sum(episodes) FROM sums")
        assert counted == rows(path, "SELECT count(*) FROM episodes")
        assert rows(path, "SELECT sum(seconds) FROM sums") == [(0.0,)]  # that writer has an interval of 0


@pytest.mark.parametrize("keep_sums", [True, False])
def test_sums_stay_when_rows_go_unless_the_settings_say_otherwise(keep_sums: bool, tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 2000, LogSettings(commit_seconds=60.0), clock)
    before = rows(path, SUMS)
    clock.go_on(10 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=5.0, keep_sums=keep_sums), clock, 10)
    assert rows(path, "SELECT count(*) FROM observations") == [(1,)]
    assert rows(path, SUMS) == (before if keep_sums else [])


def test_the_report_tells_of_rows_that_are_gone(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 2000, LogSettings(commit_seconds=60.0), clock)
    with open_reader(path) as reader:
        before = tables.read(reader, None, None)
    clock.go_on(10 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=5.0), clock, 10)
    with open_reader(path) as reader:
        after = tables.read(reader, None, None)
    for column in ("seconds", "certain_seconds"):
        assert (
            after.counts.groupby("emotion")[column].sum().to_dict()
            == before.counts.groupby("emotion")[column].sum().to_dict()
        )
    assert after.faces == before.faces == 34


def test_a_log_of_version_2_is_counted_a_little_at_a_time_and_meanwhile_written(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    for _ in range(2):
        fill(path, 4000, LogSettings(commit_seconds=600.0), clock)
        clock.go_on(600)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for table in ("sums", "watch", "uncounted"):
            database.execute(f"DROP TABLE {table}")
        database.execute("ALTER TABLE runs DROP COLUMN device")
        database.execute("PRAGMA user_version = 2")
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(5):
            events.record([face()], second, clock.now)
            clock.go_on(1)
        with open_reader(path) as reader:
            assert not reader.sums_are_complete()
            assert tables.read(reader, None, None).counts["seconds"].sum() == 8005
        for second in range(5, 20):
            events.record([face()], second, clock.now)
            clock.go_on(1)
    with open_reader(path) as reader:
        assert reader.sums_are_complete()
    check_sums(path)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_sums_by_the_day_are_those_of_the_zone(zone: str, tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    for _ in range(40):
        fill(path, 3, AT_ONCE, clock)
        clock.go_on(3597)
    with open_reader(path) as reader:
        days = reader.sums(bucket="day", zone=ZoneInfo(zone))
        assert sum(row.seconds for row in days) == 120
        starts = [datetime.fromisoformat(row.start) for row in days]
        assert all(start.astimezone(ZoneInfo(zone)).hour == 0 for start in starts)
        assert len(starts) == len(set(starts)) == (3 if zone != "America/New_York" else 2)
        assert [row.faces for row in reader.sums(bucket="month")] == [40]
        first = reader.sums(NOON, NOON + timedelta(hours=1))
        assert sum(row.seconds for row in first) == 6  # the hours that are touched


def test_what_was_watched_and_paused_is_counted(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(600):
            if second < 400:
                events.record([], second, clock.now)
            else:
                events.tick(clock.now, paused=second < 500)
            clock.go_on(1)
        clock.go_on(10_000)  # asleep
        events.tick(clock.now)
    with open_reader(path) as reader:
        [row] = reader.watched()
    assert (row.watched_seconds, row.paused_seconds) == (399, 100)


def test_the_newest_is_known(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 10, AT_ONCE, clock)
    with open_reader(path) as reader:
        latest = reader.latest()
    assert latest
    assert latest.face_utc == latest.last_utc == utc_text(NOON + timedelta(seconds=9))
    assert isinstance(reader, LogReader)
    EventLog(tmp_path / "empty.db", AT_ONCE).close()
    with open_reader(tmp_path / "empty.db") as reader:
        assert reader.latest() is None
        assert reader.sums() == reader.runs() == reader.gaps() == reader.incidents() == []
