"""What no log may lose rows to: SIGKILL, a full disk, a read-only one, damage, a file that is gone."""

import logging
import random
import shutil
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import LogError
from edge.events import EventLog
from edge.events.damage import check
from edge.events.rows import Entry, Incident, hour_of, observe, utc_text
from edge.events.store import Store
from edge.settings import LogSettings
from tests.fakes.disk import full_disk
from tests.fakes.eventlog import AT_ONCE, NOON, Clock, check_episodes, face, fill, rows
from tests.fakes.log_writer import start_writer

HOUR = hour_of(utc_text(NOON))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("commit_seconds", [0.0, 0.02])
def test_rows_that_were_written_outlive_sigkill_once_each(tmp_path: Path, commit_seconds: float) -> None:
    path = tmp_path / "log.db"
    kept = 0
    for seed in range(5):
        with start_writer(path, commit_seconds) as process:
            assert process.stdout
            needed = random.Random(seed).randrange(1, 400)
            lines = []
            for line in process.stdout:
                lines.append(line)
                if len(lines) == needed:
                    process.kill()
            number, written = map(int, next(line for line in reversed(lines) if line.endswith("\n")).split())
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        where = f"FROM observations WHERE run = {seed + 1}"
        count, times, last_s = rows(path, f"SELECT count(*), count(DISTINCT time_s), max(time_s) {where}")[0]
        assert written <= int(str(count))
        assert commit_seconds or int(str(count)) in (number, number + 1)  # at most one that it did not live to report
        assert count == times == round(10 * float(str(last_s or 0)))
        kept += int(str(count))
    assert rows(path, "SELECT count(*) FROM observations") == [(kept,)]
    check_episodes(path)


def test_a_full_disk_is_said_once_and_nothing_is_lost_or_doubled(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(600):
            if 100 <= second < 400:
                with full_disk():
                    events.record([face()], second, clock.now)
            else:
                events.record([face()], second, clock.now)
            clock.go_on(1)
        assert events.rows == 600
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "cannot write the event log" in caplog.text
    assert "free space" in caplog.text
    assert "written again" in caplog.text
    assert rows(path, "SELECT count(*), count(DISTINCT time_s), min(id), max(id) FROM observations") == [
        (600, 600, 1, 600)
    ]
    assert rows(path, "SELECT id FROM observations ORDER BY time_s") == rows(
        path, "SELECT id FROM observations ORDER BY id"
    )
    check_episodes(path)
    assert rows(path, "SELECT * FROM incidents") == []


def test_what_no_longer_fits_into_memory_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        with full_disk():
            for second in range(12_000):
                if second == 1000:
                    clock.jump(3600)
                events.record([face()], second, clock.now)
                clock.go_on(1)
        events.record([face()], 12_000, clock.now)
        clock.go_on(60)
        events.record([], 12_060, clock.now)
        assert (events.rows, events.lost_rows) == (10_000, 2001)
    assert rows(path, "SELECT count(*), min(time_s), max(time_s) FROM observations") == [(10_000, 2001.0, 12_000.0)]
    assert rows(path, "SELECT observation, kind, utc, end_utc, seconds, rows_lost FROM incidents") == [
        (0, "rows_lost", "2026-11-22T12:00:00.250+00:00", "2026-11-22T13:33:20.250+00:00", 3600.0, 2001)
    ]
    assert "10000 rows had waited, 2001 of this run are lost" in caplog.text
    check_episodes(path)


def test_a_disk_still_full_at_the_end_is_said_with_what_it_cost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 10, AT_ONCE, clock)
    events = EventLog(path, AT_ONCE, clock)
    events.start_run("test", "model", clock.now)
    with full_disk():
        for second in range(30):
            events.record([face()], second, clock.now)
            clock.go_on(1)
        events.close()
    events.close()
    assert events.lost_rows == 30
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "30 rows are lost" in caplog.text
    assert rows(path, "SELECT count(*) FROM observations") == [(10,)]


def test_on_a_full_disk_a_resumed_camera_carries_on_with_the_run_before(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        events.record([face()], 0, clock.now)
        with full_disk():
            for second in (1, 2):
                events.record([face()], second, clock.now)
            events.start_run("test", "model", clock.now)
            events.record([face()], 0, clock.now)
        clock.go_on(60)
        events.record([face()], 60, clock.now)
        with full_disk():
            events.start_run("test", "model", clock.now)  # nothing waits, and yet it cannot be noted
        events.record([face()], 0, clock.now)
    assert rows(path, "SELECT time_s FROM observations ORDER BY id") == [
        (0.0,),
        (1.0,),
        (2.0,),
        (0.0,),
        (60.0,),
        (0.0,),
    ]
    assert events.lost_rows == 0
    check_episodes(path)


def test_an_empty_room_does_not_hide_that_the_file_can_be_written_again(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("first", "model", clock.now)
        events.record([face()], 0, clock.now)
        clock.go_on(600)
        with full_disk():
            events.record([], 600, clock.now)  # upkeep fails
        clock.go_on(600)
        events.record([], 1200, clock.now)
        assert rows(path, "SELECT last_utc FROM runs") == [("2026-11-22T12:20:00.250+00:00",)]
        with full_disk():
            events.start_run("second", "model", clock.now)
        clock.go_on(60)
        events.record([], 60, clock.now)
        events.record([face()], 61, clock.now)
    assert rows(path, "SELECT source, time_s FROM observations JOIN runs ON runs.id = run") == [
        ("first", 0),
        ("second", 61),
    ]


def test_a_file_locked_at_the_start_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogError, match="database is locked"), EventLog(path, AT_ONCE) as events:
            events.start_run("test", "model", NOON)


def test_a_large_damaged_file_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "log.db").open("wb") as file:
        file.truncate(500_000_000)
    tracemalloc.start()
    fill(tmp_path / "log.db", 1)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert len(damaged_copies(tmp_path)) == 1


def test_a_disk_that_fills_under_the_writer(small_disk: Path) -> None:
    """The real thing: pages, WAL and its index grow until ENOSPC, then somebody makes room."""
    clock = Clock()
    path = small_disk / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        ballast = small_disk / "ballast"
        for number in range(20):
            ballast.write_bytes(bytes(max(0, shutil.disk_usage(small_disk).free - 4096 * number)))
            for _ in range(15):
                events.record([face()], clock.steady_s, clock.now)
                clock.go_on(1)
            ballast.unlink()
            clock.go_on(60)
            events.record([], clock.steady_s, clock.now)
            assert events.rows == 15 * (number + 1)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT count(*), count(DISTINCT time_s), max(id) FROM observations") == [(300, 300, 300)]
    check_episodes(path)


def test_a_read_only_disk_is_an_error_at_start(small_disk: Path) -> None:
    fill(small_disk / "log.db", 10)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with (
        pytest.raises(LogError, match="cannot write the event log"),
        EventLog(small_disk / "log.db", AT_ONCE) as events,
    ):
        events.start_run("test", "model", NOON)
    with pytest.raises(LogError, match="cannot write the event log"):
        EventLog(small_disk / "new.db", AT_ONCE)


class ForgetfulStore(Store):
    """Its write reaches the disk and is reported as failed, as where the WAL's index cannot grow any more."""

    def write(self, entries: Sequence[Entry]) -> int:
        before = self._open_run
        super().write(entries)
        self._open_run = before
        raise sqlite3.OperationalError("disk I/O error")


def test_a_write_that_failed_and_yet_reached_the_disk_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    utc = utc_text(NOON)
    store = ForgetfulStore(path, AT_ONCE)
    store.start_run("test", "model", utc)
    seen = [observe(face(emotion=emotion), second, utc) for second, emotion in enumerate(["sad", "sad", "fear"])]
    Store.write(store, seen[:1])
    with pytest.raises(sqlite3.OperationalError):
        store.write([*seen[1:], Incident("clock_jump", utc, "test", seconds=7200.0)])
    assert rows(path, "SELECT count(*) FROM observations") == [(3,)]
    store.reopen(damaged=False)
    assert rows(path, "SELECT emotion, observations FROM episodes") == [("sad", 1)]
    assert rows(path, "SELECT hour, emotion, seconds, episodes, faces FROM sums") == [(HOUR, "sad", 1.0, 1, 1)]
    assert rows(path, "SELECT last_utc FROM runs") == [(utc,)]
    check_episodes(path)
    Store.write(store, seen[1:])
    store.close()
    assert rows(path, "SELECT time_s FROM observations ORDER BY id") == [(0.0,), (1.0,), (2.0,)]
    assert rows(path, "SELECT count(*) FROM incidents") == [(0,)]
    check_episodes(path)


def test_a_locked_file_is_waited_for_and_then_written(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            events.record([face()], 0, clock.now)
        clock.go_on(1)
        events.record([face()], 1, clock.now)
    assert rows(path, "SELECT time_s FROM observations") == [(0.0,), (1.0,)]


def test_two_daemons_may_share_a_file(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as first, EventLog(path, AT_ONCE, clock) as second:
        for events in (first, second):
            events.start_run("test", "model", clock.now)
        for number in range(20):
            for events in (first, second):
                events.record([face()], number, clock.now)
    assert rows(path, "SELECT run, count(*) FROM observations GROUP BY run") == [(1, 20), (2, 20)]
    check_episodes(path)


def test_a_removed_file_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("usb:0", "model", clock.now)
        events.record([face()], 0, clock.now)
        for file in tmp_path.iterdir():
            file.unlink()
        clock.go_on(1)
        events.record([face()], 1, clock.now)
        clock.go_on(1)
        events.record([face()], 2, clock.now)
    assert "moved, removed or replaced" in caplog.text
    assert rows(path, "SELECT time_s, source FROM observations JOIN runs ON runs.id = run") == [
        (1, "usb:0"),
        (2, "usb:0"),
    ]
    check_episodes(path)


def damaged_copies(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if ".damaged-" in path.name and path.suffix != "-wal"]


@pytest.mark.parametrize("where", ["header", "tables", "empty"])
def test_a_damaged_file_is_set_aside_and_a_fresh_one_begun(
    where: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log.db"
    fill(path, 200)
    content = bytearray(path.read_bytes())
    if where == "empty":
        content = bytearray(len(content))
    else:
        start = {"header": 0, "tables": 4096 * 2}[where]
        content[start : start + 16] = bytes(range(100, 116))
    path.write_bytes(content)
    fill(path, 5)
    [copy] = damaged_copies(tmp_path)
    assert copy.read_bytes() == content
    assert rows(path, "SELECT count(*), max(run) FROM observations") == [(5, 1)]
    assert rows(path, "SELECT kind, details FROM incidents") == [("file_set_aside", f"damaged, renamed to {copy.name}")]
    assert copy.name in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_flipped_byte_in_a_columns_name_is_damage(tmp_path: Path) -> None:
    """SQLite's own check does not know which columns there should be; no row could be written."""
    path = tmp_path / "log.db"
    fill(path, 5)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"start_utc TEXT NOT NULL, end_utc", b"start_utc TEXT NOT NULL, end_utb"))
    assert path.read_bytes() != content
    fill(path, 3)
    assert len(damaged_copies(tmp_path)) == 1
    assert rows(path, "SELECT count(*) FROM observations") == [(3,)]
    check_episodes(path)


def test_damage_found_while_running_ends_no_daemon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 25_000, LogSettings(commit_seconds=600.0), clock)  # more than SQLite keeps in memory
    settings = LogSettings(commit_seconds=0.0, max_megabytes=0.1)  # upkeep reads what is oldest
    with EventLog(path, settings, clock) as events:
        events.start_run("usb:0", "model", clock.now)
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        for second in range(20):
            events.record([face()], second, clock.now)
            clock.go_on(1)
    assert len(damaged_copies(tmp_path)) == 1
    assert caplog.text.count("cannot write the event log") == 1
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    [(count, newest)] = rows(path, "SELECT count(*), max(time_s) FROM observations")
    assert newest == 19
    assert count in (19, 20)  # the first was committed before upkeep met the damage
    assert rows(path, "SELECT source FROM runs") == [("usb:0",)]
    check_episodes(path)


def test_flipped_bytes_anywhere_end_no_daemon_and_delete_nothing(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    fill(whole, 100)
    content = whole.read_bytes()
    outcomes = set()
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        chance = random.Random(seed)
        corrupted = bytearray(content)
        for _ in range(chance.choice([1, 3, 100])):
            place = chance.choice([chance.randrange(100), chance.randrange(len(corrupted))])
            corrupted[place] ^= 1 << chance.randrange(8)
        (folder / "log.db").write_bytes(corrupted)
        try:
            fill(folder / "log.db", 3)
        except LogError:
            assert (folder / "log.db").read_bytes() == corrupted
            outcomes.add("refused")
            continue
        copies = damaged_copies(folder)
        assert [copy.read_bytes() for copy in copies] in ([], [corrupted])
        assert rows(folder / "log.db", "SELECT count(*) FROM observations WHERE run = (SELECT max(id) FROM runs)") == [
            (3,)
        ]
        outcomes.add("set aside" if copies else "went on")
    assert outcomes >= {"set aside", "went on"}


def test_a_long_check_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 2000)
    with closing(sqlite3.connect(path)) as database:
        database.set_progress_handler(lambda: None, 1)
        check(database, seconds=0.0)


def test_numbers_that_are_none_are_counted_and_stop_nothing(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", AT_ONCE, Clock()) as events:
        events.start_run("test", "model", NOON)
        events.record([face(1), face(2, score=float("nan")), face(3)], 0, NOON)
    assert events.lost_rows == 1
    assert rows(tmp_path / "log.db", "SELECT track FROM observations") == [(1,), (3,)]
    assert rows(tmp_path / "log.db", "SELECT kind, rows_lost FROM incidents") == [("rows_lost", 1)]


def test_the_log_is_at_hand_for_the_next_start_after_a_failed_one(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(LogError, match="cannot write the event log"):
        EventLog(tmp_path / "log.db", AT_ONCE)
    fill(tmp_path / "log.db", 3)
    assert not logging.getLogger("edge.events").disabled
    assert rows(tmp_path / "log.db", "SELECT count(*) FROM observations") == [(3,)]
