"""What `make chaos` judges by must itself notice a lost, doubled or changed row."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.contract import LABELS
from tests.chaos.witness import Witness
from tests.fakes.eventlog import fill

COPIED = "run, utc, time_s, track, x, y, width, height, detection_score, emotion, score, certain, " + ", ".join(LABELS)
TWICE = f"INSERT INTO observations (id, {COPIED}) SELECT id + 100, {COPIED} FROM observations WHERE id = 3"


@pytest.mark.parametrize(
    ("change", "lost", "doubled"),
    [
        ("SELECT 1", 0, 0),
        ("DELETE FROM observations WHERE id = 20", 1, 0),
        ("UPDATE observations SET emotion = 'sad' WHERE id = 5", 1, 0),
        (TWICE, 82, 1),  # the ids between 20 and 103 are missing
    ],
)
def test_a_change_behind_the_daemons_back_is_seen(change: str, lost: int, doubled: int, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    fill(path, 20)
    witness = Witness(path)
    assert witness.look() == 20
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(change)
    if change == "SELECT 1":
        witness.check()
    else:
        with pytest.raises(AssertionError):  # episodes that fit no longer
            witness.check()
    assert (witness.lost, witness.doubled) == (lost, doubled)
