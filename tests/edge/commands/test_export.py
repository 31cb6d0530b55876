"""`python -m edge export`: the log as CSV and JSON lines, by time, while the daemon writes."""

import argparse
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from edge.commands.export import export
from edge.commands.report import tables
from edge.commands.times import parse_time
from edge.events import EventLog
from edge.events.reader import open_reader
from edge.events.rows import utc_text
from edge.events.spans import Span
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, NOON, Clock, face, fill, fill_with_jumps
from tests.program import Program, errors


@pytest.fixture
def log(tmp_path: Path) -> Path:
    fill(tmp_path / "log.db", 200, LogSettings(commit_seconds=60.0))
    return tmp_path / "log.db"


@pytest.mark.parametrize("table", ["observations", "episodes"])
def test_pandas_reads_both_formats_and_finds_the_same(table: str, log: Path, program: Program, tmp_path: Path) -> None:
    texts = [program("export", "--log", log, "--table", table, "--format", form).stdout for form in ("csv", "jsonl")]
    (tmp_path / "a.csv").write_text(texts[0])
    (tmp_path / "a.jsonl").write_text(texts[1])
    csv = pd.read_csv(tmp_path / "a.csv")
    jsonl = pd.read_json(tmp_path / "a.jsonl", lines=True, convert_dates=False)
    pd.testing.assert_frame_equal(csv, jsonl, check_dtype=False)
    assert len(csv) == {"observations": 200, "episodes": 20}[table]
    assert csv["id"].is_monotonic_increasing
    assert all(type(json.loads(line).get("certain", True)) is bool for line in texts[1].splitlines())


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [
        ("2026-11-22T12:01:00Z", None, range(60, 200)),
        (None, "2026-11-22T12:00:10.250Z", range(10)),
        ("2026-11-22T14:00:30+02:00", "2026-11-22T12:02Z", range(30, 120)),
        ("2026-11-23T00:00Z", None, range(0)),
        (None, "2020-01-01T00:00Z", range(0)),
    ],
)
def test_a_time_range_starts_at_since_and_ends_before_until(
    since: str | None, until: str | None, seconds: range, log: Path, program: Program, tmp_path: Path
) -> None:
    times = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    done = program("export", "--log", log, *times, "--output", "out.csv")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "out.csv")["time_s"].tolist() == [second + 0.0 for second in seconds]


def test_rows_of_a_clock_that_jumped_come_in_the_order_of_events(tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    output = tmp_path / "out.csv"
    for _ in range(2):
        fill_with_jumps(log, clock, {100: -7200, 200: 7200})
    export([log], output, "observations", "csv", None, None)
    assert pd.read_csv(output)["id"].tolist() == list(range(1, 601))
    with open_reader(log) as reader:
        assert reader.spans == [
            Span(1, 100, 0.0),
            Span(101, 200, 7200.0),
            Span(201, 300, 0.0),
            Span(301, 400, 0.0),
            Span(401, 500, 7200.0),
            Span(501, 600, 0.0),
        ]


@pytest.mark.parametrize(("start", "end"), [(-7200, 40), (50, 170), (250, 350), (-10_000, 10_000), (-7100, -7050)])
def test_since_means_the_same_to_export_and_report_after_a_jump(start: int, end: int, tmp_path: Path) -> None:
    """Both repair times: a row counts by when it truly was, and `utc` says so."""
    log = tmp_path / "log.db"
    output = tmp_path / "out.csv"
    fill_with_jumps(log, Clock(), {100: -7200, 200: 7200})
    since = NOON + timedelta(seconds=start)
    until = NOON + timedelta(seconds=end)
    export([log], output, "observations", "csv", since, until)
    exported = pd.read_csv(output)
    expected = [second for second in range(300) if start <= second < end]
    assert exported["time_s"].tolist() == expected
    assert exported["utc"].tolist() == [utc_text(NOON + timedelta(seconds=second)) for second in expected]
    with open_reader(log) as reader:
        assert tables.read(reader, since, until).counts["seconds"].sum() == len(expected)
    export([log], output, "episodes", "csv", since, until)
    assert len(pd.read_csv(output)) == bool(expected)


def test_the_daemon_may_write_meanwhile(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    output = tmp_path / "out.csv"
    with EventLog(log, AT_ONCE, Clock()) as events:
        events.start_run("test", "model", NOON)
        events.record([face()], 0, NOON)
        with open_reader(log) as reader:
            events.record([face()], 1, NOON)
            assert len(list(reader.observations())) == 1
        export([log], output, "observations", "csv", None, None)
    assert len(pd.read_csv(output)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T13:00Z", datetime(2026, 11, 22, 13, tzinfo=UTC)),
        ("2026-11-22T13:00+02:00", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22).astimezone(UTC)),
        ("24h", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
        ("90s", timedelta(seconds=90)),
        ("yesterday", None),
        ("7", None),
        ("999999w", None),
        ("2026-13-01", None),
        ("0001-01-01T00:00Z", None),
        ("9999-12-31T23:59:59", None),
    ],
)
def test_times_as_people_type_them(text: str, expected: datetime | timedelta | None) -> None:
    if expected is None:
        with pytest.raises(argparse.ArgumentTypeError, match="expected a time as in"):
            parse_time(text)
    elif isinstance(expected, datetime):
        assert parse_time(text) == expected
    else:
        assert abs(datetime.now(UTC) - expected - parse_time(text)) < timedelta(minutes=1)


def test_the_log_is_found_by_the_settings(log: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f"[log]\npath = '{log}'\n")
    assert len(program("export", "--config", "settings.toml").stdout.splitlines()) == 201


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--log", "none.db"], 2, "no such event log"),
        (["--log", "log.db", "--output", "log.db"], 2, "is the event log itself"),
        (["--log", "text.db"], 1, "cannot be read"),
        (["--log", "empty.db"], 1, "empty.db: no event log"),
        (["--log", "old.db"], 1, "found version 0"),
        (["--log", "corrupted.db"], 1, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], code: int, words: str, log: Path, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "text.db").write_text("no database " * 100)
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "old.db")) as database:
        database.execute("CREATE TABLE observations (id)")
    content = log.read_bytes()
    (tmp_path / "corrupted.db").write_bytes(content[: 4096 * 5] + b"\xff" * (len(content) - 4096 * 5))
    done = program("export", *arguments)
    assert done.returncode == code
    assert len(errors(done)) == 1
    assert words in errors(done)[0]
    assert log.read_bytes() == content


def test_several_logs_are_kept_apart_by_device(log: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    fill(tmp_path / "other" / "log.db", 3)
    fill(tmp_path / "hall.db", 2, device="Hall")
    done = program("export", "--log", "hall.db", log, "--log", "other/log.db", "--until", "2026-11-22T12:00:02Z")
    assert done.returncode == 0, done.stderr
    (tmp_path / "out.csv").write_text(done.stdout)
    table = pd.read_csv(tmp_path / "out.csv")
    assert table.columns[0] == "device"
    assert table.groupby("device")["time_s"].apply(list).to_dict() == {
        "Hall": [0.0, 1.0],
        str(log): [0.0, 1.0],
        "other/log.db": [0.0, 1.0],
    }
    lines = program("export", "--log", "hall.db", log, "--table", "episodes", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["device"] for line in lines] == ["Hall", *["log.db"] * 20]


def test_a_log_that_is_missing_or_given_twice_is_told_before_anything_is_written(
    log: Path, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "link.db").symlink_to(log)
    for others, words in ((["none.db"], "none.db: no such event log"), ([tmp_path / "link.db"], "given twice")):
        done = program("export", "--log", log, *others, "--output", "out.csv")
        assert done.returncode == 2
        assert words in done.stderr
        assert not (tmp_path / "out.csv").exists()


def test_a_copy_of_a_log_is_told(log: Path, program: Program, tmp_path: Path) -> None:
    shutil.copy(log, tmp_path / "copy.db")
    done = program("export", "--log", log, "copy.db")
    assert done.returncode == 0
    assert "began as one log" in done.stderr
