"""FER+ votes find their faces, even where rows slipped, and votes of other data are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edge.contract import LABELS
from tests.synthetic import faces
from train.data.faces import Faces, Fer2013
from train.data.vote_columns import LABEL_COLUMNS, VOTE_COLUMNS
from train.data.votes import add_votes, shares
from train.errors import DataError

USAGE = ["Training"] * 350 + ["PublicTest"] * 70


def labelled(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, len(LABELS), count)


def votes_for(labels: np.ndarray) -> np.ndarray:
    """Ten votes a face, seven of them for its label; which face it is shows in the column `unknown`."""
    votes = np.zeros((len(labels), len(VOTE_COLUMNS)), int)
    votes[np.arange(len(labels)), LABEL_COLUMNS[labels]] = 7
    votes[:, VOTE_COLUMNS.index("unknown")] = np.arange(len(labels)) % 4
    return votes


def write(path: Path, votes: np.ndarray, usage: list[str], numbers: np.ndarray | None = None) -> Path:
    table = pd.DataFrame(votes, columns=list(VOTE_COLUMNS))
    table.insert(0, "Usage", usage)
    if numbers is not None:
        table.insert(1, "Image name", [f"fer{number:07}.png" for number in numbers])
    table.to_csv(path, index=False)
    return path


def dataset(labels: np.ndarray) -> Fer2013:
    images = np.tile(faces(1).images[:1], (len(labels), 1, 1))
    train, validation = (Faces(images[rows], labels[rows]) for rows in (slice(0, 350), slice(350, None)))
    return Fer2013(train, validation, faces(0))


def test_votes_in_the_order_of_the_csv_stand_beside_their_faces(tmp_path: Path) -> None:
    labels = labelled(420, 1)
    votes = votes_for(labels)
    data = add_votes(dataset(labels), write(tmp_path / "votes.csv", votes, USAGE))
    np.testing.assert_array_equal(data.train.votes, votes[:350])
    np.testing.assert_array_equal(data.validation.votes, votes[350:])
    assert data.train.take(np.array([7])).votes.tolist() == [votes[7].tolist()]
    np.testing.assert_allclose(shares(data.train).sum(axis=1), 1, rtol=1e-6)


def test_faces_missing_from_the_images_let_the_votes_slip_and_they_are_put_back(tmp_path: Path) -> None:
    """Two faces are missing from the copy, so its face n has the votes of row n + 1, later n + 2."""
    labels = labelled(440, 2)
    votes = votes_for(labels)
    present = np.delete(np.arange(440), [100, 250])[:420]
    data = add_votes(dataset(labels[present]), write(tmp_path / "votes.csv", votes[:420], USAGE, np.arange(420)))
    right = (data.train.votes == votes[present[:350]]).all(axis=1)
    assert right.mean() > 0.97  # a few faces about each gap cannot be told apart
    assert right[120:230].all()
    assert right[270:340].all()
    assert data.train.votes[349].sum() == 0  # its votes stand in another split's rows: not believed


def test_votes_of_other_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected about 65%"):
        add_votes(dataset(labelled(420, 3)), write(tmp_path / "votes.csv", votes_for(labelled(420, 4)), USAGE))
    with pytest.raises(DataError, match="349 rows for train, the data has 350 faces"):
        add_votes(dataset(labelled(420, 3)), write(tmp_path / "votes.csv", votes_for(labelled(419, 3)), USAGE[1:]))


@pytest.mark.parametrize("unit", [1.0, 0.1, 1 / 7, 100.0])
def test_votes_as_shares_are_shares(unit: float, tmp_path: Path) -> None:
    """As 0.7, as percent, or as voters: what counts is each column's part of the row."""
    labels = labelled(420, 1)
    votes = votes_for(labels)
    data = add_votes(dataset(labels), write(tmp_path / "votes.csv", votes * unit, USAGE))
    expected = votes[:350] / votes[:350].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares(data.train), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("anger", "seven", "line 12: anger: expected a number of votes or a share, found 'seven'"),
        ("NF", "-1", "line 12: NF: expected .* found '-1"),
        ("fear", "", "line 12: fear: expected .* found 'nan'"),
        ("fear", "inf", "line 12: fear: expected .* found 'inf'"),
        ("Usage", "Trainning", "line 12: unknown Usage 'Trainning'; expected one of Training"),
        (
            "Image name",
            "fer" + "9" * 30 + ".png",
            "line 12: image fer9+.*: expected numbers that differ, below 100,000",
        ),
        ("Image name", "fer2000000000.png", "line 12: image .* below 100,000"),
        ("Image name", "fer0000003.png", "line 12: image fer0000003.png: expected numbers that differ"),
    ],
)
def test_a_value_that_is_none_is_refused_with_its_line(column: str, value: str, words: str, tmp_path: Path) -> None:
    labels = labelled(420, 1)
    path = write(tmp_path / "votes.csv", votes_for(labels), USAGE, np.arange(420))
    table = pd.read_csv(path, dtype=str)
    table.loc[10, column] = value
    table.to_csv(path, index=False)
    with pytest.raises(DataError, match=words):
        add_votes(dataset(labels), path)


@pytest.mark.parametrize(("text", "message"), [("a,b\n1,2\n", "missing column Usage, neutral"), ("", "not readable")])
def test_another_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "votes.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        add_votes(dataset(labelled(420, 3)), tmp_path / "votes.csv")


def test_shares_need_votes() -> None:
    with pytest.raises(DataError, match="--votes"):
        shares(faces(1))
