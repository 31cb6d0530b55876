"""What the device of a log is called."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.events.devices import names_of
from edge.events.reader import open_reader
from tests.fakes.eventlog import fill, read_by_both, rows


def test_a_log_says_which_device_it_is_since_its_newest_start(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    for device in ("Hall", "Lobby"):
        fill(log, 3, device=device)
    assert rows(log, "SELECT id, device FROM runs") == [(1, "Hall"), (2, "Lobby")]
    with open_reader(log) as reader:
        assert reader.device == "Lobby"


@pytest.mark.parametrize(
    ("devices", "names"),
    [
        (["Hall", "Door"], ["Hall", "Door"]),
        (["Hall", ""], ["Hall", "1.db"]),
        (["", ""], ["0.db", "1.db"]),
        (["Hall", "Hall"], ["Hall ({}/0.db)", "Hall ({}/1.db)"]),
        (["1.db", "", "Hall"], ["1.db ({}/0.db)", "{}/1.db", "Hall"]),
    ],
)
def test_devices_are_told_apart(devices: list[str], names: list[str], tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.db" for number in range(len(devices))]
    for log, device in zip(logs, devices, strict=True):
        fill(log, 1, device=device)
    assert names_of(logs) == [name.format(tmp_path) for name in names]


def fill_as_version_3(log: Path) -> None:
    fill(log, 30)
    with closing(sqlite3.connect(log, isolation_level=None)) as database:
        database.execute("ALTER TABLE runs DROP COLUMN device")
        database.execute("PRAGMA user_version = 3")


def test_a_log_of_version_3_is_read_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    fill_as_version_3(log)
    before = log.read_bytes()
    assert names_of([log]) == ["log.db"]
    assert read_by_both(log, tmp_path) == ["", "", ""]
    assert len((tmp_path / "observations.csv").read_text().splitlines()) == 31
    assert log.read_bytes() == before


def test_a_log_of_version_3_keeps_all_and_gets_the_name_with_its_next_start(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    fill_as_version_3(log)
    before = [rows(log, f"SELECT * FROM {table}") for table in ("observations", "episodes", "sums")]
    fill(log, 0, device="Hall")
    assert before == [rows(log, f"SELECT * FROM {table}") for table in ("observations", "episodes", "sums")]
    assert rows(log, "SELECT device FROM runs") == [("",), ("Hall",)]
    assert names_of([log]) == ["Hall"]
