"""The report of a run: right figures, one file, pictures that are there, and clear refusals."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract import LABELS
from tests.synthetic import blank, faces, write_csv
from train.config import FitConfig
from train.errors import DataError, RunError
from train.fit import fit
from train.report import predictions
from train.report.int8 import compare
from train.report.metrics import expected_calibration_error, reliability
from train.report.page import figures_of, report

PROJECT = Path(__file__).resolve().parents[3]
VALIDATION = faces(10, 2)


def sure(*predicted: int, score: float = 0.4) -> np.ndarray:
    rest = (1 - score) / 6
    return np.array([[score if label == one else rest for label in range(7)] for one in predicted])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"Training": faces(24, 1), "PublicTest": VALIDATION}
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", splits)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "small & quick"
    fit(FitConfig(str(data), epochs=1), out)
    return out


def test_the_page_is_one_file_and_its_figures_are_those_of_the_run(run: Path, tmp_path: Path) -> None:
    int8 = tmp_path / "int8.csv"
    predictions.save(int8, sure(*VALIDATION.labels), VALIDATION)
    command = [sys.executable, "-m", "train", "report", str(run), "--int8", str(int8)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads((run / "report.json").read_text())
    measured = json.loads((run / "metrics.json").read_text())
    for name in ("n", "accuracy", "balanced_accuracy", "per_class", "confusion"):
        assert figures[name] == measured[name]
    assert figures["ece"] == pytest.approx(measured["ece"])
    assert figures["quantization"]["accuracy"] == {"float": measured["accuracy"], "int8": 1.0}
    page = (run / "report.html").read_text()
    assert f">{measured['accuracy']:.1%}<" in page
    assert "small &amp; quick" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)  # nothing to fetch
    assert page.count('src="data:image/png;base64,') == 6
    for picture in run.glob("*.png"):
        assert cv2.imread(str(picture)).std() > 1, picture


def test_without_predictions_of_int8_the_page_has_no_such_section(run: Path) -> None:
    assert report(run)["quantization"] is None
    assert "quantization" not in (run / "report.html").read_text()


def test_the_gravest_mistakes_come_first() -> None:
    said = np.concatenate([sure(0), sure(3, score=0.5), sure(4, score=0.9), sure(3)])
    found = figures_of(said, blank(0, 1, 2, 3))["mistakes"]
    assert [(one["row"], one["label"], one["predicted"]) for one in found] == [
        (2, "fear", "sad"),
        (1, "disgust", "happy"),
    ]
    assert found[0]["score"] == pytest.approx(0.9)


def test_a_model_without_mistakes_can_be_judged() -> None:
    result = figures_of(sure(*range(7)), blank(*range(7)))
    assert (result["mistakes"], result["accuracy"], result["accuracy_margin"]) == ([], 1.0, 0.0)
    assert result["confusion_rates"] == np.eye(7).tolist()


def test_reliability_bins_hold_every_face_and_add_up_to_the_ece() -> None:
    probabilities = np.concatenate([sure(1, 1, 1, score=0.75), sure(2, score=0.95), sure(3, score=1.0)])
    labels = np.array([1, 1, 2, 2, 4])
    bins = reliability(probabilities, labels)
    assert sum(one["n"] for one in bins) == 5
    filled = [one for one in bins if one["n"]]
    assert [(one["n"], one["accuracy"]) for one in filled] == [(3, pytest.approx(2 / 3)), (2, 0.5)]
    assert [one["confidence"] for one in filled] == [pytest.approx(0.75), pytest.approx(0.975)]
    gaps = 3 / 5 * abs(2 / 3 - 0.75) + 2 / 5 * abs(0.5 - 0.975)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(gaps)


def test_quantization_is_compared_face_by_face() -> None:
    before = sure(0, 0, 3, 1)
    after = sure(0, 5, 3, 3)
    after[2] = sure(3, score=0.8)[0]
    result = compare(before, after, blank(0, 0, 3, 3))
    assert result["accuracy"] == {"float": 0.75, "int8": 0.75}
    assert (result["agreement"], result["right_to_wrong"], result["wrong_to_right"]) == (0.5, 1, 1)
    assert result["per_class"]["angry"] == {"float": 1.0, "int8": 0.5, "agreement": 0.5, "n": 2}
    assert result["per_class"]["disgust"]["n"] == 0
    assert [one["row"] for one in result["largest_changes"]] == [2, 1, 3, 0]
    assert result["largest_changes"][0]["shift"] == pytest.approx(0.4)
    assert result["largest_changes"][1]["int8"] == {"emotion": "surprise", "score": pytest.approx(0.4)}


def test_predictions_come_back_as_they_were_written(tmp_path: Path) -> None:
    predictions.save(tmp_path / "p.csv", sure(6, 2), blank(6, 0))
    assert (tmp_path / "p.csv").read_text().startswith("label,angry,disgust,fear,happy,sad,surprise,neutral\nneutral,")
    np.testing.assert_allclose(predictions.load(tmp_path / "p.csv", blank(6, 0)), sure(6, 2), atol=1e-6)


HEADER = ",".join(["label", *LABELS])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a CSV file"),
        ("a,b\n1,2\n", "expected the columns label, angry"),
        (f"{HEADER}\nhappy,0,0,0,1,0,0,0\n", "1 faces, not the 2"),
        (f"{HEADER}\nhappy,0,0,0,1,0,0,0\nangry,0,0,0,1,0,0,0\n", "in their order"),
        (f"{HEADER}\nangry,0,0,0,1,0,0,0\nhappy,0,0,0,1,0,0,x\n", "is no number"),
        (None, "no such file"),
    ],
)
def test_predictions_of_other_faces_are_refused(content: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=words):
        predictions.load(path, blank(LABELS.index("angry"), LABELS.index("happy")))


def test_what_is_no_finished_run_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        report(tmp_path)
    (tmp_path / "config.json").write_text((run / "config.json").read_text())
    with pytest.raises(RunError, match="not finished"):
        report(tmp_path)
    (tmp_path / "model.keras").write_bytes((run / "model.keras").read_bytes()[:9000])
    with pytest.raises(RunError, match="not finished"):
        report(tmp_path)
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        report(run, data=str(tmp_path / "none.csv"))
