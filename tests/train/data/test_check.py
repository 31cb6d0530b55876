"""`check-data` counts what was planted, and draws what it counts."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.synthetic import faces, write_csv
from train.__main__ import main
from train.data.check import VOTED, report
from train.data.faces import Fer2013
from train.report.sheets import save_sheets


@pytest.fixture
def data() -> Fer2013:
    train = faces(4, 1)
    validation = faces(2, 2)
    train.images[0] = 0  # blank
    train.images[1] = 100
    train.images[1, 0, 0] = 101  # nearly
    train.images[7] = train.images[14]  # a copy, of the same class
    train.images[2] = train.images[8]  # a copy, of another class
    train.images[5] = validation.images[5]
    train.images[6] = validation.images[4]  # of another class
    return Fer2013(train, validation, faces(0))


def voted(labels: np.ndarray, **changed: str) -> np.ndarray:
    """Ten votes for each label, but for the rows that are named: row3="fear" gives that one's."""
    names = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    votes = np.zeros((len(labels), len(VOTED)), np.uint8)
    for row, label in enumerate(labels):
        votes[row, VOTED.index(changed.get(f"row{row}", names[label]))] = 10
    return votes


def test_it_says_what_is_there(data: Fer2013) -> None:
    text = "\n".join(report(data))
    assert (
        "train: 1 blank, 1 nearly blank, 2 exact copies of another face, 2 faces with a duplicate of another label"
        in text
    )
    assert "train and validation: 2 faces of the first stand in the second too, 1 of them with another label" in text
    assert "validation: 0 blank, 0 nearly blank, 0 exact copies" in text


def test_it_says_how_far_the_voters_agree(data: Fer2013) -> None:
    votes = voted(data.train.labels, row3="neutral", row10="neutral", row17="surprise", row4="no face")
    votes[11] = 0  # of sadness
    lines = list(report(data, {"train": votes}))
    table = lines[next(number for number, line in enumerate(lines) if line.startswith("FER+, train")) :]
    rows = {line.split()[0]: line.split() for line in table[1:-1]}
    assert rows["happy"][1:] == ["4", "25%", "25%", "neutral", "50%,", "surprise", "25%"]
    assert rows["sad"][1:4] == ["3", "67%", "67%"]
    assert rows["fear"][1:4] == ["4", "100%", "100%"]
    assert table[-1] == "1 faces without votes, 1 that most voters call no face"


def drawn(path: Path) -> int:
    """Number of tiles in a sheet of `save_faces`: its size tells the rows and columns."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture.std() > 10
    return picture.shape[0] * picture.shape[1]


def test_sheets_show_what_was_planted_and_only_that(data: Fer2013, tmp_path: Path) -> None:
    votes = {"train": voted(data.train.labels, row3="neutral", row4="no face")}
    paths = save_sheets(data, tmp_path / "new", votes)
    names = ["contradicting_duplicates", "least_contrast", "near_duplicates", "voters_disagree", "no_face"]
    assert [path.stem for path in paths] == names
    areas = {path.stem: drawn(path) for path in paths}
    one_face = areas["no_face"]
    assert areas["voters_disagree"] == one_face
    assert areas["contradicting_duplicates"] == pytest.approx(2 * one_face, rel=0.02)
    assert areas["least_contrast"] == pytest.approx(40 * one_face, rel=0.02)
    clean = Fer2013(faces(1), faces(0), faces(0))
    assert [path.stem for path in save_sheets(clean, tmp_path / "clean")] == ["least_contrast"]


def test_the_command_counts_and_draws(
    data: Fer2013, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "fer2013.csv", {"Training": data.train, "PublicTest": data.validation})
    arguments = ["train", "check-data", str(path), "--pictures", str(tmp_path / "sheets")]
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    assert "train: 1 blank, 1 nearly blank" in capsys.readouterr().out
    drawn_sheets = {"contradicting_duplicates", "least_contrast", "near_duplicates"}
    assert {file.stem for file in (tmp_path / "sheets").iterdir()} == drawn_sheets


def test_the_command_reads_votes(
    data: Fer2013, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = {"Training": data.train, "PublicTest": data.validation}
    columns = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
    lines = [",".join(("Usage", "Image name", *columns))]
    for usage, part in splits.items():
        for votes in voted(part.labels):
            lines.append(f"{usage},fer{len(lines) - 1:07d}.png,{','.join(map(str, votes))}")
    (tmp_path / "fer2013new.csv").write_text("\n".join(lines) + "\n")
    path = write_csv(tmp_path / "fer2013.csv", splits)
    monkeypatch.setattr("sys.argv", ["train", "check-data", str(path), "--votes", str(tmp_path / "fer2013new.csv")])
    assert main() == 0
    text = capsys.readouterr().out
    assert "FER+, train" in text
    assert "FER+, validation" in text
    assert text.count("100%       100%") == 14
