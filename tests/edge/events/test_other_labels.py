"""A log of models with other labels, and logs from before there were any."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edge.commands.export import export
from edge.contract import LABELS
from edge.events.reader import open_reader
from edge.events.schema import OBSERVATION_COLUMNS
from edge.results import FaceEmotion
from tests.fakes.eventlog import AT_ONCE, Clock, check_episodes, check_sums, fill, open_log, rows

VALENCE = ("negative", "positive", "neutral")
SEVEN = ", ".join(OBSERVATION_COLUMNS.split(", ")[:-1])
BEFORE = f"""
ALTER TABLE observations RENAME TO newer;
CREATE TABLE observations (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (id), utc TEXT NOT NULL, time_s REAL NOT NULL,
    track INTEGER NOT NULL, x REAL, y REAL, width REAL, height REAL, detection_score REAL NOT NULL,
    emotion TEXT NOT NULL, score REAL NOT NULL, certain INTEGER NOT NULL,
    {", ".join(f"{label} REAL NOT NULL" for label in LABELS)}
);
INSERT INTO observations SELECT {SEVEN} FROM newer;
DROP TABLE newer;
DROP TABLE labels;
ALTER TABLE runs DROP COLUMN device;
PRAGMA user_version = 3;
"""


def face(emotion: str, shares: tuple[float, ...]) -> FaceEmotion:
    return FaceEmotion(1, (1.0, 2.0, 3.0, 4.0), 0.9, emotion, max(shares), True, np.float32(shares), VALENCE)


def add_valence(path: Path, seconds: int = 3) -> None:
    """A run of another model, an hour later."""
    clock = Clock()
    clock.go_on(3600)
    with open_log(path, AT_ONCE, clock) as events:
        events.start_run("test", "valence", clock.now)
        for second in range(seconds):
            events.record([face("positive", (0.1, 0.7, 0.2))], float(second), clock.now)
            clock.go_on(1)


def old_log(path: Path) -> None:
    """As a program wrote it that knew the seven alone."""
    fill(path, 30)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(BEFORE)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_label_without_a_column_stands_beside_and_a_column_without_a_label_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    add_valence(path)
    [found, *_] = rows(path, "SELECT happy, neutral, other_probabilities, emotion FROM observations")
    assert (found[0], found[1], found[3]) == (None, 0.2, "positive")
    assert json.loads(str(found[2])) == {"negative": 0.1, "positive": 0.7}
    assert rows(path, "SELECT emotion, seconds FROM sums") == [("positive", 3.0)]
    check_episodes(path)
    check_sums(path)


def test_the_shipped_models_rows_are_as_they_were(tmp_path: Path) -> None:
    fill(tmp_path / "log.db", 3)
    assert rows(tmp_path / "log.db", "SELECT happy, other_probabilities FROM observations LIMIT 1") == [(0.8, None)]
    assert rows(tmp_path / "log.db", "SELECT * FROM labels") == []


def test_an_export_has_a_column_for_each_label(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 2)
    add_valence(path, 1)
    assert export([path], tmp_path / "out.csv", "observations", "csv", None, None) == {}
    head, shipped, _, other = (tmp_path / "out.csv").read_text().splitlines()
    assert head == f"{SEVEN},negative,positive".replace(", ", ",")
    assert shipped.endswith(",0.1,,")
    assert other.endswith(",positive,0.7,1,,,,,,,0.2,0.1,0.7")
    export([path], tmp_path / "out.jsonl", "observations", "jsonl", None, None)
    last = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])
    assert (last["positive"], last["happy"], last["neutral"]) == (0.7, None, 0.2)


def test_an_export_of_several_logs_has_the_columns_of_all(tmp_path: Path) -> None:
    fill(tmp_path / "one.db", 1, device="Hall")
    add_valence(tmp_path / "other.db", 1)
    export([tmp_path / "one.db", tmp_path / "other.db"], tmp_path / "out.csv", "observations", "csv", None, None)
    head, one, other = (tmp_path / "out.csv").read_text().splitlines()
    assert head.startswith("device,id,") and head.endswith(",neutral,negative,positive")
    assert one.endswith(",0.1,,") and other.endswith(",0.2,0.1,0.7")


def test_an_emotion_that_no_model_had_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    add_valence(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE observations SET emotion = 'positivf' WHERE id = 2")
        database.execute("UPDATE observations SET other_probabilities = '{\"positive' WHERE id = 3")
    with open_reader(path) as log:
        assert [row[0] for row in log.observations()] == [1]
        assert log.problems.rows == 2


@pytest.mark.parametrize("text", ["[1]", "{}", '{"positive": "a"}', '{"positive": [1]}', "3"])
def test_strange_probabilities_are_empty(text: str, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    add_valence(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE observations SET other_probabilities = ?", (text,))
    with open_reader(path) as log:
        assert next(log.observations(others=("negative", "positive")))[-2:] == (None, None)


def test_a_log_from_before_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    old_log(path)
    before = path.read_bytes()
    assert export([path], tmp_path / "out.csv", "observations", "csv", None, None) == {}
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 31
    with open_reader(path) as log:
        assert log.other_labels == ()
        assert len(list(log.episodes())) == 3 and log.totals()["angry"][1] == 1
    assert path.read_bytes() == before


def test_a_log_from_before_takes_other_labels_without_being_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    old_log(path)
    before = rows(path, f"SELECT {SEVEN} FROM observations")
    size = path.stat().st_size
    add_valence(path)
    assert rows(path, f"SELECT {SEVEN} FROM observations WHERE run = 1") == before
    assert rows(path, "SELECT count(*), max(id) FROM observations WHERE emotion = 'positive'") == [(3, 33)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert path.stat().st_size <= size + 2 * 4096
    check_episodes(path)
    fill(path, 1)  # opened once more, nothing is left to be done
    assert rows(path, "SELECT name FROM pragma_table_info('observations') WHERE \"notnull\" AND name = 'happy'") == []
