"""The log's files are moved, removed or replaced while the daemon runs; copies and readers without it."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import LogError
from edge.events import EventLog
from edge.events.reader import open_reader
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, Clock, check_episodes, face, fill, rows


def log_on(events: EventLog, clock: Clock, seconds: int) -> None:
    for _ in range(seconds):
        events.record([face()], clock.steady_s, clock.now)
        clock.go_on(1)


@pytest.mark.parametrize("suffixes", [["-wal"], ["-shm"], ["-wal", "-shm"]])
@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_what_lies_in_a_wal_that_was_removed_is_kept(
    suffixes: list[str], way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        log_on(events, clock, 50)
        for suffix in suffixes:
            part = Path(f"{path}{suffix}")
            part.rename(tmp_path / "elsewhere")
            if way == "replaced":
                part.write_bytes(b"not ours" * 1000)
        log_on(events, clock, 60)
        assert rows(path, "SELECT count(*) FROM observations") == [(110,)]  # another process sees them all
        assert caplog.text.count("moved, removed or replaced") == 1
        assert "written again" in caplog.text
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT count(*), count(DISTINCT time_s) FROM observations") == [(110, 110)]
    [(kind, details)] = rows(path, "SELECT kind, details FROM incidents")
    assert kind == "file_replaced"
    assert all(f"log.db{suffix}" in str(details) for suffix in suffixes)
    assert len(list(tmp_path.glob("log.db.foreign-*"))) == ("-wal" in suffixes and way == "replaced")
    check_episodes(path)


@pytest.mark.parametrize("paused", [True, False])
def test_a_removed_file_is_noticed_within_a_minute_though_nobody_comes(
    paused: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        log_on(events, clock, 5)
        path.unlink()
        for _ in range(60):
            if paused:
                events.tick(clock.now, paused=True)
            else:
                events.record([], clock.steady_s, clock.now)
            clock.go_on(1)
        assert path.exists()
    assert "log.db: moved, removed or replaced" in caplog.text
    assert rows(path, "SELECT kind, details FROM incidents") == [("file_replaced", "while running: log.db")]


def test_another_log_in_its_place_is_logged_on_and_loses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    other = tmp_path / "other.db"
    fill(other, 7)
    clock.go_on(100)
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        log_on(events, clock, 5)
        other.replace(path)
        log_on(events, clock, 60)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT run, count(*) FROM observations GROUP BY run") == [(1, 7), (2, 60)]
    check_episodes(path)


def test_a_plain_copy_of_the_file_holds_all_but_the_last_minutes(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, LogSettings(), clock) as events:
        events.start_run("test", "model", clock.now)
        log_on(events, clock, 2000)
        shutil.copy(path, tmp_path / "copy.db")
        [(count,)] = rows(tmp_path / "copy.db", "SELECT count(*) FROM observations")
    assert 2000 - 301 - 10 <= int(str(count)) <= 2000


def test_the_log_is_read_while_no_daemon_runs(tmp_path: Path) -> None:
    fill(tmp_path / "log.db", 5)
    assert not (tmp_path / "log.db-wal").exists()
    with open_reader(tmp_path / "log.db") as reader:
        assert len(list(reader.observations())) == 5


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_the_log_is_read_from_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    fill(tmp_path / "log.db", 5)
    tmp_path.chmod(0o500)
    try:
        with open_reader(tmp_path / "log.db") as reader:
            assert len(list(reader.observations())) == 5
    finally:
        tmp_path.chmod(0o700)


def test_a_locked_log_is_an_error_after_a_second(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 5)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE runs SET source = 'x'")
        with pytest.raises(LogError, match="locked"), open_reader(path) as reader:
            list(reader.observations())
