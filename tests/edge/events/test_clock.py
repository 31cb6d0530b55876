"""A clock that is set while the daemon runs, or was wrong when it started."""

from pathlib import Path

import pytest

from edge.events import EventLog
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, Clock, check_episodes, face, fill, rows


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 2.5, 56 * 365 * 86400.0])
def test_a_jump_is_noted_at_its_place_and_no_row_is_moved_or_lost(
    jump: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(20):
            if second == 12:
                clock.jump(jump)
            events.record([face()], second, clock.now)
            clock.go_on(1)
    assert rows(path, "SELECT time_s FROM observations ORDER BY id") == [(float(second),) for second in range(20)]
    assert rows(path, "SELECT kind, observation, seconds FROM incidents") == [("clock_jump", 12, jump)]
    assert caplog.text.count("the clock jumped") == 1
    assert rows(path, "SELECT observations, end_s FROM episodes") == [(20, 19.0)]
    check_episodes(path)


def test_a_slow_drift_and_a_machine_that_slept_are_no_jumps(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(100):
            events.record([face()], second, clock.now)
            clock.go_on(3600 if second == 50 else 1)
            clock.jump(0.4)
    assert rows(path, "SELECT kind FROM incidents") == []


def test_a_start_before_the_last_row_is_noted(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    fill(path, 3, AT_ONCE, clock)
    clock.jump(-7200)
    fill(path, 3, AT_ONCE, clock)
    [(kind, observation, details)] = rows(path, "SELECT kind, observation, details FROM incidents")
    assert (kind, observation) == ("clock_behind", 3)
    assert "2026-11-22T12:00:02.250+00:00" in str(details)
    assert rows(path, "SELECT run FROM observations ORDER BY id") == [(1,), (1,), (1,), (2,), (2,), (2,)]


@pytest.mark.parametrize("ticking", [True, False])
def test_a_jump_while_no_frames_come_belongs_to_the_run_before_it(ticking: bool, tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    days = 700.0
    with EventLog(path, LogSettings(keep_days=30, commit_seconds=0.0), clock) as events:
        events.tick(clock.now)  # paused from the start: there is no run yet
        events.start_run("test", "model", clock.now)
        for second in range(3):
            events.record([face()], second, clock.now)
            clock.go_on(1)
        clock.jump(days * 86_400)
        if ticking:
            events.tick(clock.now)
        clock.go_on(60)
        events.start_run("test", "model", clock.now)
        events.record([face()], 0, clock.now)
    assert rows(path, "SELECT run, count(*) FROM observations GROUP BY run") == [(1, 3), (2, 1)]
    assert rows(path, "SELECT run, observation, kind, seconds FROM incidents") == [(1, 3, "clock_jump", days * 86_400)]
    assert rows(path, "SELECT last_utc FROM runs") == [
        ("2028-10-22T12:00:00.250+00:00",),
        ("2028-10-22T12:01:03.250+00:00",),
    ]
