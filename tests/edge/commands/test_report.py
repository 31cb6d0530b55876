"""`python -m edge report`: tables that are right, and a page that stands alone."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from edge.commands.output import write
from edge.commands.report import charts, page, tables
from edge.errors import EdgeError
from edge.events import EventLog
from edge.events.reader import open_reader
from edge.settings import PROJECT, LogSettings
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill
from tests.program import Program, errors


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


def read(log: Path) -> tables.Tables:
    with open_reader(log) as reader:
        return tables.read(reader, None, None)


def rendered(log: Path) -> str:
    return page.render([page.Device("hall", log, read(log))])


def two_runs(log: Path) -> None:
    """Ten minutes from noon in UTC, two hours without the daemon, then a clock that is an hour late until NTP comes."""
    clock = Clock()
    fill(log, 600, LogSettings(commit_seconds=60.0), clock)
    clock.go_on(7200)
    clock.jump(-3600)
    with EventLog(log, AT_ONCE, clock) as events:
        events.start_run("usb:0", "model", clock.now)
        for second in range(120):
            clock.jump(3600 if second == 60 else 0)
            events.record([face(1, "sad", 0.4, certain=False)], second, clock.now)
            clock.go_on(1)


def test_tables_are_in_local_time_and_repaired_where_the_clock_jumped(tmp_path: Path) -> None:
    two_runs(tmp_path / "log.db")
    found = read(tmp_path / "log.db")
    assert found.zone == "Europe/Berlin"
    assert found.counts["seconds"].sum() == 720
    assert found.counts["certain_seconds"].sum() == 600
    hours = found.counts.groupby(found.counts["time"].dt.hour)["seconds"].sum()
    assert hours.to_dict() == {13: 600.0, 15: 120.0}
    assert found.visit_episodes["seconds"].sum() == 720
    assert found.lengths["episodes"].sum() == 61
    assert str(found.visits["start"].iloc[0]) == "2026-11-22 15:10:00.250000"
    assert found.visits["seconds"].tolist() == [120.0, *[60.0] * 10]
    whats = found.gaps["what"].tolist()
    assert "not running" in whats
    gap = found.gaps[found.gaps["what"] == "not running"].iloc[0]
    assert page.duration((gap["end"] - gap["start"]).total_seconds()) == "2 h"
    assert any("jumped by +3600" in what for what in whats)


def test_a_run_that_saw_nobody_before_the_clock_was_set_starts_at_its_true_time(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    fill(log, 10, AT_ONCE, clock)
    clock.go_on(7200)
    clock.jump(-3600)
    with EventLog(log, AT_ONCE, clock) as events:
        events.start_run("usb:0", "model", clock.now)
        events.record([], 0, clock.now)
        clock.jump(3600)
        events.record([face()], 1, clock.now)
    gap = read(log).gaps.set_index("what").loc["not running"]
    assert page.duration((gap["end"] - gap["start"]).total_seconds()) == "2 h"


def test_a_pause_during_which_the_clock_was_set_is_as_long_as_it_was(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    with EventLog(log, AT_ONCE, clock) as events:
        for jump in (7200, 0):
            events.start_run("usb:0", "model", clock.now)
            for second in range(60):
                events.record([face()], second, clock.now)
                clock.go_on(1)
            clock.go_on(60)
            clock.jump(jump)
            events.tick(clock.now)
            clock.go_on(60)
    gap = read(log).gaps.set_index("what").loc["not running"]
    assert (gap["end"] - gap["start"]).total_seconds() == 121


def test_time_without_the_daemon_counts_also_where_nobody_was_seen_around_it(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    for seconds in (60, 0):
        fill(log, seconds, AT_ONCE, clock)
        clock.go_on(3600)
    with EventLog(log, AT_ONCE, clock) as events:
        events.start_run("usb:0", "model", clock.now)
    assert read(log).not_running_seconds == 7201


def test_bars_are_no_finer_than_what_is_counted(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    fill(log, 1200, AT_ONCE, clock)
    assert charts.bar_width(read(log)) == timedelta(seconds=15)
    clock.go_on(36_000)
    fill(log, 0, AT_ONCE, clock)
    assert charts.bar_width(read(log)) == timedelta(minutes=1)


def test_the_page_stands_alone_and_says_what_it_knows(tmp_path: Path, program: Program) -> None:
    two_runs(tmp_path / "log.db")
    done = program("report", "--log", "log.db", "--output", "report.html", TZ="Europe/Berlin")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    own = text.replace(re.search(r"<script>.*?</script>", text, re.DOTALL)[0], "")  # type: ignore[index]
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", own)
    for words in (
        "Europe/Berlin",
        "22 November 2026",
        "12 min",
        "not running",
        "83%",
        "usb:0",
        "not what somebody feels",
    ):
        assert words in own, words


def test_the_page_goes_to_standard_output_too(tmp_path: Path, program: Program) -> None:
    two_runs(tmp_path / "log.db")
    done = program("report", "--log", "log.db", "--output", "-", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lower().startswith("<!doctype html>") and done.stdout.rstrip().endswith("</html>")
    assert not (tmp_path / "-").exists()


def test_a_folder_that_is_closed_to_the_services_user_is_told_with_the_way_around(tmp_path: Path) -> None:
    """By a stand-in for a folder: root may write everywhere."""

    class Closed(type(tmp_path)):  # type: ignore[misc]
        def write_text(self, *_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(EdgeError, match=r"report.html: cannot be written .*--output - > report.html"):
        write("<!doctype html>", Closed("report.html"))


@pytest.mark.parametrize("seconds", [1, 30, 400])
def test_a_short_log_makes_a_page_too(seconds: int, tmp_path: Path) -> None:
    fill(tmp_path / "log.db", seconds, LogSettings(commit_seconds=60.0))
    assert "Emotions in view" in rendered(tmp_path / "log.db")


def test_times_that_no_log_reaches_are_no_limit(tmp_path: Path, program: Program) -> None:
    two_runs(tmp_path / "log.db")
    done = program("report", "--log", "log.db", "--since", "1000-01-01", "--until", "8999-01-01")
    assert done.returncode == 0, done.stderr


def test_names_from_the_log_are_text_and_no_markup(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", AT_ONCE, Clock()) as events:
        events.start_run("<img src=x onerror=alert(1)>", "model", Clock().now)
        events.record([face()], 0, Clock().now)
    assert "<img src=x" not in rendered(tmp_path / "log.db")


def test_several_logs_are_kept_apart_by_device_with_totals(tmp_path: Path, program: Program) -> None:
    fill(tmp_path / "a.db", 60, device="Hall")
    fill(tmp_path / "b.db", 120, device="<b>Door")
    fill(tmp_path / "c.db", 0, device="Attic")
    done = program("report", "--log", "a.db", "b.db", "--log", "c.db")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)]
    table = {row[0]: row[1:3] for row in rows if len(row) == 6}
    assert table == {
        '<a href="#device-0">Hall</a>': ["60 s", "1"],
        '<a href="#device-1">&lt;b&gt;Door</a>': ["2 min", "2"],
        "Attic": ["0 s", "0"],
        "all together": ["3 min", "3"],
    }
    assert re.findall(r'<h2 class="device".*?>(.*?)</h2>', text) == ["Hall", "&lt;b&gt;Door"]
    assert "From a.db of Hall, source test" in text


def test_without_pandas_the_pip_command_is_named(tmp_path: Path, program: Program) -> None:
    (tmp_path / "pandas.py").write_text("raise ModuleNotFoundError(\"No module named 'pandas'\", name='pandas')")
    fill(tmp_path / "log.db", 3)
    done = program("report", "--log", "log.db", PYTHONPATH=f"{tmp_path}:{PROJECT}")
    assert done.returncode == 78
    assert "pip install -r" in errors(done)[0]
    assert "pandas" in errors(done)[0]


@pytest.mark.parametrize("time", [("--until", "2020-01-01"), ("--since", "8000-01-01"), ("--until", "1000-01-01")])
def test_an_empty_time_is_a_usage_error(time: tuple[str, str], tmp_path: Path, program: Program) -> None:
    fill(tmp_path / "log.db", 3)
    done = program("report", "--log", "log.db", *time)
    assert done.returncode == 2
    assert "no face was logged" in errors(done)[0]
    assert not (tmp_path / "report.html").exists()


def test_a_log_in_which_nobody_was_seen_is_a_usage_error_too(tmp_path: Path, program: Program) -> None:
    fill(tmp_path / "log.db", 0)
    done = program("report", "--log", "log.db")
    assert done.returncode == 2
    assert "no face was logged" in errors(done)[0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45, "45 s"), (720, "12 min"), (12_000, "3 h 20 min"), (7200, "2 h"), (367_200, "4 days 6 h")],
)
def test_durations_as_people_say_them(seconds: float, words: str) -> None:
    assert page.duration(seconds) == words
