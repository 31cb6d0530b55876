"""Classes of one's own, the whole way: trained, quantized, evaluated, and told by the very classifier of the device."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.evaluation.evaluate import evaluate
from convert.evaluation.photos import evaluate_photos
from convert.quantization.quantize import Quantized, quantize
from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.errors import UsageError
from edge.vision.classifier import Classifier
from tests.fakes.labelled import write_model
from tests.program import change_manifest
from tests.synthetic import faces, write_csv
from train.config import FitConfig
from train.errors import DataError, NetworkError
from train.fit import fit
from train.report.page import report

MOODS = "happy,calm=neutral,upset=angry+disgust+fear+sad"
SPLITS = {"Training": faces(64, 1), "PublicTest": faces(20, 2)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", SPLITS)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "moods"
    fit(FitConfig(str(data), labels=MOODS, epochs=6, batch_size=32), out)
    return out


@pytest.fixture(scope="module")
def shipped(run: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Quantized]:
    out = tmp_path_factory.mktemp("models") / "moods.tflite"
    return out, quantize(run / "model.keras", data, out)


def test_a_run_tells_the_classes_and_reports_on_them(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert list(metrics["per_class"]) == ["happy", "calm", "upset"]
    assert [row["n"] for row in metrics["per_class"].values()] == [20, 20, 80]
    assert metrics["data"]["validation"] == 120, "surprise is left out"
    assert report(run)["accuracy"] == metrics["accuracy"] > 0.7
    assert "<td>upset</td>" in (run / "report.html").read_text()


def test_the_device_takes_the_file_and_its_labels(shipped: tuple[Path, Quantized], data: Path) -> None:
    classifier = Classifier.load(shipped[0])
    assert classifier.labels == ("happy", "calm", "upset")
    assert set(classifier.manifest.certainty.thresholds) == set(classifier.labels)
    assert classifier.manifest.prior["shares"]["upset"] == pytest.approx(4 / 6, abs=1e-3)
    result = evaluate(shipped[0], data, "validation")
    assert list(result["per_class"]) == list(classifier.labels)
    assert result["accuracy"] == pytest.approx(shipped[1].accuracy["validation"]["int8"], abs=1e-4)
    assert result["accuracy"] > 0.7


def test_photos_lie_in_folders_of_emotions_or_of_the_models_labels(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.tflite", {"happy": "happy", "calm": "neutral", "upset": "sad"})
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)][::30]
    for place, frame in (("happiness", frames[0]), ("Calm", frames[2]), ("fear", frames[2]), ("surprise", frames[0])):
        (tmp_path / "photos" / place).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "photos" / place / "a.png"), frame)
    result = evaluate_photos(model, tmp_path / "photos", tmp_path / "sheet.png", MOODS)
    assert (result["photos"], result["found"], result["left_out"]) == (3, 3, 1)
    assert [(one["label"], one["emotion"]) for one in result["mistakes"]] == [("upset", "calm")]
    with pytest.raises(DataError, match=r"'fear'.* is no emotion, and no label of the model"):
        evaluate_photos(model, tmp_path / "photos")  # nobody says what emotions calm and upset stand for


def test_what_labels_stand_for_must_be_known(shipped: tuple[Path, Quantized], data: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model.tflite", {"happy": "happy", "calm": "neutral"})
    with pytest.raises(UsageError, match="has the labels happy, calm, and not what emotions they stand for"):
        evaluate(model, data, "validation")
    assert evaluate(model, data, "validation", labels="happy,calm=neutral")["n"] == 40
    subset = write_model(tmp_path / "subset.tflite", {"sad": "sad", "happy": "happy"})
    change_manifest(subset, training={})
    assert list(evaluate(subset, data, "validation")["per_class"]) == ["sad", "happy"]


def test_a_network_of_other_classes_starts_another_only_where_it_can(run: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="tells happy, calm, upset, expected angry"):
        fit(FitConfig(str(data), start=str(run / "model.keras"), epochs=1), tmp_path / "seven")
    alone = tmp_path / "alone.keras"
    alone.write_bytes((run / "model.keras").read_bytes())
    with pytest.raises(UsageError, match="a network of 3 classes with no labels"):
        evaluate(alone, data, "validation")
    assert evaluate(alone, data, "validation", labels=MOODS)["accuracy"] > 0.7


def test_a_merged_head_begins_with_the_mean_of_its_emotions() -> None:
    from train.data.classes import parse
    from train.network.architectures import _merged_head

    kernel = np.arange(14, dtype=np.float32).reshape(2, 7)
    found = _merged_head(kernel, np.zeros(7, np.float32), parse("happy,low=sad+angry"))
    np.testing.assert_allclose(found[0], [[3, 2], [10, 9]])
    np.testing.assert_allclose(found[1], [0, np.log(2)], rtol=1e-6)
