"""A log with damaged bytes: what makes sense comes out of `export` and `report`, the rest is counted and told."""

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from edge.commands.export import export
from edge.commands.report.write import report
from edge.errors import UsageError
from edge.events import EventLog
from edge.events.counts import TIME_BUCKETS
from edge.events.reader import open_reader
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill, read_by_both
from tests.program import Program, errors

SECONDS = TIME_BUCKETS[0]
SENSELESS = [
    "utc = NULL",
    "utc = x'00ff'",
    "utc = '2026-02-31T12:00:00.250+00:00'",
    "utc = '2026-11-22T12:00:00.2x0+00:00'",
    "utc = 5",
    "utc = '8' || substr(utc, 2)",
    "utc = '0' || substr(utc, 2)",
    "utc = replace(utc, 'T12', 'T24')",
    "emotion = 'hapqy'",
    "emotion = NULL",
    "score = 'much'",
    "score = 1e300",
    "score = -0.5",
    "certain = 7",
    "certain = x'01'",
    "track = -4",
    "track = 1.5",
    "track = 9223372036854775807",
    "run = NULL",
    "time_s = 9e999",
    "time_s = x'3ff0'",
    "x = NULL",
    "width = -1",
    "height = 9e999",
    "happy = 'a'",
    "detection_score = NULL",
]


def corrupt(path: Path, statement: str, table: str = "observations") -> None:
    """Change rows behind the back of their conditions, as a flipped byte does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(f"UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = '{table}'")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


@pytest.mark.parametrize("change", SENSELESS)
def test_a_row_that_makes_no_sense_is_left_out_and_counted(change: str, tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    output = tmp_path / "out.csv"
    fill(log, 60)
    corrupt(log, f"UPDATE observations SET {change} WHERE id IN (20, 40)")
    told = export([log], output, "observations", "csv", None, None)
    assert told == {log: "2 rows make no sense and are left out"}
    ids = [int(line.split(",")[0]) for line in output.read_text().splitlines()[1:]]
    assert ids == [id for id in range(1, 61) if id not in (20, 40)]
    assert report([log], tmp_path / "report.html", None, None) == told
    with open_reader(log) as reader:
        assert sum(count.seconds for count in reader.counts(SECONDS)) == 58


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("episodes", "start_utc = 'x'"),
        ("episodes", "start_s = 'x'"),
        ("episodes", "end_s = 9e999"),
        ("episodes", "emotion = 'x'"),
        ("episodes", "first_observation = NULL"),
        ("episodes", "observations = -1"),
        ("incidents", "utc = x'ff'"),
        ("incidents", "details = NULL"),
        ("incidents", "seconds = 'x'"),
        ("incidents", "seconds = 1e300"),
        ("incidents", "observation = 'x'"),
        ("incidents", "run = NULL"),
        ("runs", "started_utc = NULL"),
        ("runs", "last_utc = 'x'"),
        ("runs", "interval_seconds = 'x'"),
        ("runs", "interval_seconds = NULL"),
        ("runs", "first_observation = 'x'"),
        ("runs", "first_observation = 9223372036854775807"),
        ("runs", "source = x'05'"),
        ("runs", "model = NULL"),
    ],
)
def test_senseless_rows_beside_the_observations_are_told_by_the_report(table: str, change: str, tmp_path: Path) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    for _ in range(2):
        with EventLog(log, AT_ONCE, clock) as events:
            events.start_run("test", "model", clock.now)
            for second in range(30):
                clock.jump(3600 if second == 10 else 0)
                events.record([face(emotion="sad" if second > 15 else "happy")], second, clock.now)
                clock.go_on(1)
    corrupt(log, f"UPDATE {table} SET {change} WHERE id = 1", table)
    assert "1 rows make no sense" in report([log], tmp_path / "report.html", None, None)[log]
    export([log], tmp_path / "out.csv", "observations", "csv", None, None)
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 61


def whole_log(folder: Path) -> bytes:
    """Two runs, jumps, several pages of rows and episodes."""
    clock = Clock()
    log = folder / "whole.db"
    for _ in range(2):
        with EventLog(log, LogSettings(commit_seconds=60.0), clock) as events:
            events.start_run("test", "model", clock.now)
            for second in range(400):
                clock.jump({100: -7200, 200: 7200}.get(second, 0))
                events.record([face(1 + second // 50, "sad" if second % 20 > 9 else "fear")], second, clock.now)
                clock.go_on(1)
        clock.go_on(600)
    return log.read_bytes()


def flipped(content: bytes, chance: random.Random) -> bytes:
    corrupted = bytearray(content)
    for _ in range(chance.choice([1, 3])):
        corrupted[chance.randrange(len(corrupted))] ^= 1 << chance.randrange(8)
    return bytes(corrupted)


def test_flipped_bits_end_no_reader_and_cost_few_rows(tmp_path: Path) -> None:
    content = whole_log(tmp_path)
    log = tmp_path / "log.db"
    refused = 0
    for seed in range(60):
        log.write_bytes(flipped(content, random.Random(seed)))
        told = read_by_both(log, tmp_path)
        if ("cannot be read (" in told[0] and "a part" not in told[0]) or "expected an event log" in told[0]:
            refused += 1
            continue
        lines = (tmp_path / "observations.csv").read_text().splitlines()
        assert len(lines) > 700 or "a part cannot be read" in told[0], (seed, told)
    assert refused < 10


@pytest.mark.parametrize("kind", ["page", "many pages", "end"])
def test_rows_behind_a_page_that_cannot_be_read_come_out(kind: str, tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    output = tmp_path / "out.csv"
    fill(log, 2000, LogSettings(commit_seconds=600.0))
    leaves = leaf_pages(log)
    hurt: Sequence[int] = {"page": leaves[3:4], "many pages": leaves[2:12:2], "end": leaves[-1:]}[kind]
    content = bytearray(log.read_bytes())
    for page in hurt:
        content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    log.write_bytes(content)
    told = export([log], output, "observations", "csv", None, None)
    assert "a part cannot be read" in told[log]
    ids = [int(line.split(",")[0]) for line in output.read_text().splitlines()[1:]]
    assert ids == sorted(set(ids))
    assert len(ids) > 2000 - 80 * len(hurt)
    assert report([log], tmp_path / "report.html", None, None)
    with open_reader(log) as reader:
        assert sum(count.seconds for count in reader.counts(SECONDS)) == len(ids)


def leaf_pages(log: Path) -> list[int]:
    """Of the table of observations, in their order."""
    query = "SELECT pageno FROM dbstat WHERE name = 'observations' AND pagetype = 'leaf' ORDER BY path"
    with closing(sqlite3.connect(log)) as database:
        try:
            return [page for (page,) in database.execute(query)]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")


def test_the_commands_tell_it_in_one_line_and_by_their_exit_status(tmp_path: Path, program: Program) -> None:
    log = tmp_path / "log.db"
    fill(log, 60)
    corrupt(log, "UPDATE observations SET score = NULL WHERE id = 7")
    done = program("export", "--log", log)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 60
    assert errors(done) == [f"ERROR {log}: 1 rows make no sense and are left out; the rest is complete"]
    done = program("report", "--log", log)
    assert done.returncode == 1
    assert len(errors(done)) == 1
    assert (tmp_path / "report.html").exists()


def test_a_log_without_any_row_that_makes_sense_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    fill(log, 5)
    corrupt(log, "UPDATE observations SET emotion = 'x'")
    assert "5 rows make no sense" in report([log], tmp_path / "report.html", None, None)[log]  # made of the hourly sums
    corrupt(log, "DELETE FROM sums")
    with pytest.raises(UsageError, match="rows make no sense"):
        report([log], tmp_path / "report.html", None, None)
