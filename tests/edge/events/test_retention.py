"""What is too old or too much goes, a little at a time, and its space is used again."""

from pathlib import Path

from edge.events import EventLog
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill, rows

DAY_SECONDS = 86400


def keep_up(path: Path, wanted: LogSettings, clock: Clock, seconds: int) -> None:
    """A run that sees nobody."""
    with EventLog(path, wanted, clock) as events:
        events.start_run("test", "model", clock.now)
        for _ in range(seconds):
            events.record([], clock.steady_s, clock.now)
            clock.go_on(1)


def test_by_default_nothing_is_deleted_by_age(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log.db"
    fill(path, 100, AT_ONCE, clock)
    clock.go_on(3000 * DAY_SECONDS)
    keep_up(path, LogSettings(), clock, 10)
    assert rows(path, "SELECT count(*) FROM observations") == [(100,)]


def test_what_is_older_than_so_many_days_goes_with_all_that_hangs_on_it(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log.db"
    fill(path, 2500, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(20 * DAY_SECONDS)
    fill(path, 100, AT_ONCE, clock)
    clock.go_on(15 * DAY_SECONDS)
    keep_up(path, LogSettings(keep_days=30.0), clock, 10)
    assert rows(path, "SELECT run, count(*) FROM observations GROUP BY run") == [(2, 100)]
    assert rows(path, "SELECT min(first_observation) > 2500, count(*) FROM episodes") == [(1, 10)]
    assert rows(path, "SELECT id FROM runs") == [(2,), (3,)]


def test_deletion_comes_in_short_steps(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log.db"
    fill(path, 2500, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(40 * DAY_SECONDS)
    left = []
    with EventLog(path, LogSettings(keep_days=30.0), clock) as events:
        events.start_run("test", "model", clock.now)
        for _ in range(5):
            events.record([], clock.steady_s, clock.now)
            left += rows(path, "SELECT count(*) FROM observations")[0]
            clock.go_on(1)
    assert left == [1500, 500, 1, 1, 1]  # the newest row keeps its id from being given again
    fill(path, 1, AT_ONCE, clock)
    assert rows(path, "SELECT max(id) FROM observations") == [(2501,)]


def test_rows_of_a_clock_that_was_wrong_are_as_old_as_they_truly_are(tmp_path: Path) -> None:
    """The Pi woke up in 1970, twice; NTP came only the first time, and a glitch put 2099 for a moment."""
    clock, path, wanted = Clock(), tmp_path / "log.db", LogSettings(keep_days=30.0, commit_seconds=0.0)
    years = 56 * 365 * DAY_SECONDS
    clock.jump(-years)
    with EventLog(path, wanted, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(1000):
            clock.jump({10: years, 500: years, 510: -years}.get(second, 0))
            events.record([face()], second, clock.now)
            clock.go_on(1)
    clock.jump(-years)
    fill(path, 10, wanted, clock)
    clock.jump(years)
    clock.go_on(2 * DAY_SECONDS)
    keep_up(path, wanted, clock, 1000)
    assert rows(path, "SELECT count(*) FROM observations") == [(1010,)]
    clock.go_on(29 * DAY_SECONDS)
    keep_up(path, wanted, clock, 10)
    assert rows(path, "SELECT count(*) FROM observations") == [(1,)]


def test_a_log_stays_as_large_as_it_may_and_its_space_is_used_again(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "log.db"
    wanted, sizes = LogSettings(max_megabytes=0.5, commit_seconds=30.0), []
    with EventLog(path, wanted, clock) as events:
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
    clock, path = Clock(), tmp_path / "log.db"
    fill(path, 20_000, LogSettings(commit_seconds=600.0), clock)
    before = path.stat().st_size
    keep_up(path, LogSettings(max_megabytes=0.3), clock, 100)
    assert path.stat().st_size < 1.5e6 < 2.4e6 < before
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
