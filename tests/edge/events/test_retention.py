"""What is too old or too much goes, a little at a time, and its space is used again."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.cameras import DEMO
from edge.events.rows import utc_text
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, DAY_SECONDS, Clock, face, fill, keep_up, open_log, rows, settle
from tests.program import environment


def test_by_default_nothing_is_deleted_by_age(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 100, AT_ONCE, clock)
    clock.go_on(3000 * DAY_SECONDS)
    keep_up(path, LogSettings(), clock, 10)
    assert rows(path, "SELECT count(*) FROM observations") == [(100,)]


def test_what_is_older_than_so_many_days_goes_with_all_that_hangs_on_it(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 2500, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(20 * DAY_SECONDS)
    fill(path, 100, AT_ONCE, clock)
    clock.go_on(15 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=30.0), clock, 10)
    assert rows(path, "SELECT run, count(*) FROM observations GROUP BY run") == [(2, 100)]
    assert rows(path, "SELECT min(first_observation) > 2500, count(*) FROM episodes") == [(1, 10)]
    assert rows(path, "SELECT id FROM runs") == [(2,), (3,)]


def test_deletion_comes_in_short_steps(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 2500, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(40 * DAY_SECONDS)
    left = []
    with open_log(path, LogSettings(keep_days=30.0), clock) as events:
        settle(events, clock, hours=24)
        for _ in range(5):
            events.record([], clock.steady_s, clock.now)
            left += rows(path, "SELECT count(*) FROM observations")[0]
            clock.go_on(1)
    assert left == [1500, 500, 1, 1, 1]  # the newest row keeps its id from being given again
    fill(path, 1, AT_ONCE, clock)
    assert rows(path, "SELECT max(id) FROM observations") == [(2501,)]


def test_rows_of_a_clock_that_was_wrong_are_as_old_as_they_truly_are(tmp_path: Path) -> None:
    """The Pi woke up in 1970, twice; NTP came only the first time, and a glitch put 2099 for a moment."""
    clock = Clock()
    path = tmp_path / "log.db"
    settings = LogSettings(keep_days=30.0, commit_seconds=0.0)
    years = 56 * 365 * DAY_SECONDS
    clock.jump(-years)
    with open_log(path, settings, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(1000):
            clock.jump({10: years, 500: years, 510: -years}.get(second, 0))
            events.record([face()], second, clock.now)
            clock.go_on(1)
    clock.jump(-years)
    fill(path, 10, settings, clock)
    clock.jump(years)
    clock.go_on(2 * DAY_SECONDS)
    keep_up(path, settings, clock, 1000)
    assert rows(path, "SELECT count(*) FROM observations") == [(1010,)]
    clock.go_on(29 * DAY_SECONDS)
    keep_up(path, settings, clock, 10)
    assert rows(path, "SELECT count(*) FROM observations") == [(1,)]


def test_a_log_stays_as_large_as_it_may_and_its_space_is_used_again(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    settings = LogSettings(max_megabytes=0.5, commit_seconds=30.0)
    sizes = []
    with open_log(path, settings, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(12_000):
            events.record([face()], second, clock.now)
            clock.go_on(1)
            if second % 1000 == 999:
                sizes.append(rows(path, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0][0])
    assert max(map(int, map(str, sizes))) < 0.7e6
    [(count, newest, oldest)] = rows(path, "SELECT count(*), max(time_s), min(id) FROM observations")
    assert 2000 < int(str(count)) < 6000
    assert newest == 11_999
    assert int(str(oldest)) == 12_001 - int(str(count))


def test_a_smaller_limit_gives_the_disk_its_space_back(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 20_000, LogSettings(commit_seconds=600.0), clock)
    before = path.stat().st_size
    keep_up(path, LogSettings(max_megabytes=0.3), clock, 100)
    assert path.stat().st_size < 1.5e6 < 2.4e6 < before
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def months_ago(path: Path, clock: Clock) -> None:
    """Rows, then four months without the daemon."""
    fill(path, 50, AT_ONCE, clock)
    clock.go_on(120 * DAY_SECONDS)


def left_after(path: Path, clock: Clock, hours: int) -> tuple[object, list[object]]:
    """How many of the old rows a run of so many hours leaves, and why."""
    with open_log(path, LogSettings(keep_days=30.0, commit_seconds=0.0), clock) as events:
        settle(events, clock, hours)
    refusals = [details for (details,) in rows(path, "SELECT details FROM incidents WHERE kind = 'deletion_refused'")]
    return rows(path, "SELECT count(*) FROM observations")[0][0], refusals


def test_a_device_that_was_off_for_months_deletes_after_a_day_and_says_so(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    months_ago(path, clock)
    left, refusals = left_after(path, clock, hours=20)
    assert left == 50
    assert len(refusals) == 1
    assert "more than 14 days past the rows before" in str(refusals[0])
    left, refusals = left_after(path, clock, hours=6)  # another start: the day is counted from the first
    assert (left, len(refusals)) == (1, 1)


@pytest.mark.parametrize("synchronized", [False, None, True])
def test_a_clock_that_no_server_sets_deletes_nothing(
    synchronized: bool | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(synchronized=synchronized)
    path = tmp_path / "log.db"
    fill(path, 50, AT_ONCE, clock)
    for _ in range(8):
        clock.go_on(5 * DAY_SECONDS)
        fill(path, 1, AT_ONCE, clock)
    left, refusals = left_after(path, clock, hours=20)
    if synchronized is False:
        assert left == 58
        assert "not synchronized" in str(refusals[0])
        assert caplog.text.count("not synchronized") == 1
    else:  # where nobody can tell, the log's own rules decide
        assert left == 6
        assert "for an hour" in str(refusals[0])
    assert len(refusals) == 1


@pytest.mark.parametrize("restarts", [1, 5])
def test_a_start_in_the_far_future_deletes_nothing_until_ntp_comes(restarts: int, tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    settings = LogSettings(keep_days=30.0, commit_seconds=0.0)
    fill(path, 2000, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(60)
    years = 5 * 365 * DAY_SECONDS
    clock.jump(years)
    for _ in range(restarts):
        with open_log(path, settings, clock) as events:
            settle(events, clock, hours=4)
            for _ in range(100):
                events.record([face()], clock.steady_s, clock.now)
                clock.go_on(1)
    before = 2000 + 100 * restarts
    assert rows(path, "SELECT count(*) FROM observations") == [(before,)]
    with open_log(path, settings, clock) as events:
        settle(events, clock, hours=4)
        clock.jump(-years)
        for _ in range(30):
            events.record([face()], clock.steady_s, clock.now)
            clock.go_on(3600)
    assert rows(path, "SELECT count(*) FROM observations") == [(before + 30,)]
    assert rows(path, "SELECT count(*) FROM incidents WHERE kind = 'deletion_refused'") == [(1,)]


def test_a_running_clock_that_jumps_years_ahead_deletes_nothing_within_a_day(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    settings = LogSettings(keep_days=30.0, commit_seconds=0.0)
    fill(path, 50, AT_ONCE, clock)
    with open_log(path, settings, clock) as events:
        settle(events, clock, hours=48)
        clock.jump(1000 * DAY_SECONDS)
        settle(events, clock, hours=20)
        assert rows(path, "SELECT count(*) FROM observations") == [(50,)]
        [(details,)] = rows(path, "SELECT details FROM incidents WHERE kind = 'deletion_refused'")
        assert "jumped by more than 14 days" in str(details)
        settle(events, clock, hours=6)
    assert rows(path, "SELECT count(*) FROM observations") == [(1,)]


@pytest.mark.parametrize("jump_days", [-20_000, 5000])
def test_the_limit_of_size_asks_no_clock(jump_days: int, tmp_path: Path) -> None:
    """The oldest go, whatever times they bear, and what is new stays."""
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 3000, LogSettings(commit_seconds=600.0), clock)
    clock.jump(jump_days * DAY_SECONDS)
    fill(path, 3000, LogSettings(commit_seconds=600.0), clock)
    with open_log(path, LogSettings(max_megabytes=0.5, keep_days=1.0), clock) as events:
        events.start_run("test", "model", clock.now)
        for _ in range(20):
            events.record([], clock.steady_s, clock.now)
            clock.go_on(2)
    [(oldest, newest, count)] = rows(path, "SELECT min(id), max(id), count(*) FROM observations")
    assert newest == 6000
    assert int(str(count)) == 6001 - int(str(oldest))
    assert int(str(count)) > 2000


def test_a_row_from_the_future_holds_nothing_back_and_one_without_time_deletes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 100, AT_ONCE, clock)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE observations SET utc = '2126' || substr(utc, 5) WHERE id = 20")
        database.execute("UPDATE observations SET utc = 'x' || utc WHERE id IN (30, 100)")
    clock.go_on(10 * DAY_SECONDS)
    fill(path, 100, AT_ONCE, clock)
    clock.go_on(10 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=15.0), clock, 10)
    assert rows(path, "SELECT min(id) FROM observations") == [(100,)]


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)  # Debian's


@pytest.mark.skipif(not FAKETIME, reason="needs Debian's package faketime")
@pytest.mark.parametrize("days", [3, 60, 5 * 365, 30_000])
def test_the_real_program_deletes_nothing_with_a_clock_that_is_ahead(days: int, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 500, LogSettings(commit_seconds=600.0), Clock(now=datetime.now(UTC) - timedelta(hours=1)))
    (tmp_path / "settings.toml").write_text(f"[log]\npath = '{path}'\nkeep_days = 1\n")
    command = [sys.executable, "-m", "edge", "run", "--config", "settings.toml", "--source", str(DEMO)]
    extra = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+{days}d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment(**extra), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    [(count, newest)] = rows(path, "SELECT count(*), max(utc) FROM observations")
    assert int(str(count)) > 500
    assert str(newest) > utc_text(datetime.now(UTC) + timedelta(days=days - 1))
    assert rows(path, "SELECT min(id) FROM observations") == [(1,)]
    assert rows(path, "SELECT kind FROM incidents") == [("deletion_refused",)]
    assert done.stderr.count("are kept") == 1
