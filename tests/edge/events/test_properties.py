"""Whatever happens to the disk and the clock: rows keep their order, and only what is counted is lost."""

from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.contract import LABELS
from edge.events import EventLog
from edge.settings import LogSettings
from tests.fakes.disk import full_disk
from tests.fakes.eventlog import Clock, check_episodes, face, rows

FACES = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(LABELS[:3]), st.floats(0, 1)), max_size=3, unique_by=lambda one: one[0]
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("frame"), FACES),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 7.0, 400.0])),
        st.tuples(st.just("jump"), st.sampled_from([-1e9, -3600.0, 3600.0, 1e9])),
        st.tuples(st.just("full"), st.booleans()),
        st.tuples(st.just("nan"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(events=EVENTS, commit_seconds=st.sampled_from([0.0, 5.0]))
def test_order_is_kept_and_only_what_is_counted_is_lost(
    events: list[tuple[str, object]], commit_seconds: float
) -> None:
    with TemporaryDirectory() as folder:
        _play(Path(folder, "log.db"), events, LogSettings(commit_seconds=commit_seconds, interval_seconds=0.05))


def _play(path: Path, events: list[tuple[str, object]], settings: LogSettings) -> None:
    clock = Clock()
    full = False
    expected: list[tuple[float, int]] = []  # time_s and track of all that was seen
    lost = 0
    jumps = 0
    log = _open(path, settings, clock)
    for kind, value in events:
        if kind == "wait":
            clock.go_on(value)  # type: ignore[arg-type]
        elif kind == "jump":
            clock.jump(value)  # type: ignore[arg-type]
            jumps += 1
        elif kind == "full":
            full = bool(value)
        elif kind == "restart" and not full:
            log.close()
            log = _open(path, settings, clock)
        elif kind in ("frame", "nan"):
            clock.go_on(0.1)
            faces = [face(9, score=float("nan"))]
            if kind == "frame":
                faces = [face(*one) for one in value]  # type: ignore[attr-defined]
            lost += kind == "nan"
            expected += [(round(clock.steady_s, 3), one.track) for one in faces if kind == "frame"]
            with full_disk() if full else nullcontext():
                log.record(faces, clock.steady_s, clock.now)
    log.close()
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT time_s, track FROM observations ORDER BY id") == expected
    assert rows(path, "SELECT coalesce(sum(rows_lost), 0) FROM incidents") == [(lost,)]
    [[noted]] = rows(path, "SELECT count(*) FROM incidents WHERE kind = 'clock_jump'")
    assert noted <= jumps  # type: ignore[operator]
    check_episodes(path)


def _open(path: Path, settings: LogSettings, clock: Clock) -> EventLog:
    log = EventLog(path, settings, clock)
    log.start_run("test", "model", clock.now)
    return log
