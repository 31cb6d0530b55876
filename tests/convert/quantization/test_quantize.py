"""From a trained network to the shipped pair of files, or to a refusal that leaves everything as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from convert.detector.crop import FACE_PX, MARGIN_PX, measure
from convert.evaluation.evaluate import evaluate
from convert.quantization.calibration import calibration_faces
from convert.quantization.quantize import Quantized, quantize
from convert.quantization.tflite import check_int8, to_int8
from edge.contract import LABELS, CropGeometry
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.classifier import Classifier
from edge.vision.detection import Face
from tests.synthetic import faces, write_csv
from train.config import FitConfig
from train.data.faces import Faces
from train.errors import DataError, NetworkError
from train.fit import fit
from train.report import predictions

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"Training": faces(64, 1), "PublicTest": faces(20, 2), "PrivateTest": faces(5, 3)}
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", splits)


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    fit(FitConfig(str(data), epochs=6, batch_size=32), out)
    return out / "model.keras"


@pytest.fixture(scope="module")
def shipped(model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Quantized]:
    out = tmp_path_factory.mktemp("models") / "emotion_int8.tflite"
    return out, quantize(model, data, out)


def test_calibration_faces_are_balanced_seeded_and_from_training() -> None:
    train = faces(30)
    one, other = (calibration_faces(train, per_class=8) for _ in range(2))
    assert one.counts() == dict.fromkeys(LABELS, 8)
    assert np.array_equal(one.images, other.images)
    assert not np.array_equal(one.images, calibration_faces(train, per_class=8, seed=1).images)
    known = {image.tobytes() for image in train.images}
    assert all(image.tobytes() in known for image in one.images)
    assert calibration_faces(faces(3), per_class=8).counts() == dict.fromkeys(LABELS, 3)


def test_the_pair_is_int8_throughout_and_runs_on_the_devices_classifier(shipped: tuple[Path, Quantized]) -> None:
    path, done = shipped
    assert done.operators["CONV_2D"] == 8
    assert check_int8(path.read_bytes()) == done.operators
    classifier = Classifier.load(path)
    assert (classifier.manifest.input.scale, classifier.manifest.input.zero_point) == (1.0, -128)
    assert classifier.manifest.calibration == {"split": "train", "faces_per_class": 60, "seed": 48}
    trained = classifier.manifest.training
    assert trained["data"]["train"] == 448
    assert (trained["run"]["data"], trained["run"]["batch_size"]) == ("fer2013.csv", 32)  # no place on this machine
    assert set(classifier.manifest.accuracy) == {"validation", "test"}


def test_the_predictions_written_are_those_that_were_judged(
    shipped: tuple[Path, Quantized], data: Path, tmp_path: Path
) -> None:
    judged = faces(20, 2)
    result = evaluate(shipped[0], data, "validation", tmp_path / "int8.csv")
    probabilities = predictions.load(tmp_path / "int8.csv", judged)
    assert (probabilities.argmax(axis=1) == judged.labels).mean() == result["accuracy"]


def test_the_manifests_accuracy_is_what_evaluate_measures(
    shipped: tuple[Path, Quantized], model: Path, data: Path
) -> None:
    for kind, path in (("int8", shipped[0]), ("float", model)):
        result = evaluate(path, data, "validation")
        assert result["accuracy"] == pytest.approx(shipped[1].accuracy["validation"][kind], abs=1e-4)
        assert result["accuracy"] > 0.5
        assert list(result) == [
            *("model", "split", "held_out_of_training", "n", "accuracy", "balanced_accuracy", "per_class", "confusion"),
            *("ece", "ece_equal_shares", "latency_ms", "without_near_duplicates"),
        ]
        assert not result["held_out_of_training"]
        assert set(result["latency_ms"]) == {"median", "p95"}
        json.dumps(result)


def test_figures_are_told_without_faces_of_photos_in_training_too(
    shipped: tuple[Path, Quantized], tmp_path: Path
) -> None:
    train = faces(2, 1)
    noise = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    darker = Faces((train.images * 0.7).astype(np.uint8), train.labels)
    mixed = Faces(np.concatenate([darker.images, noise]), np.concatenate([train.labels, [0, 1, 2]]))
    path = write_csv(tmp_path / "mixed.csv", {"Training": train, "PublicTest": mixed, "PrivateTest": darker})
    result = evaluate(shipped[0], path, "validation", tmp_path / "int8.csv")
    guessed = predictions.load(tmp_path / "int8.csv", mixed)[-3:].argmax(axis=1)
    assert (result["n"], result["without_near_duplicates"]["n"]) == (17, 3)
    assert result["without_near_duplicates"]["accuracy"] == (guessed == [0, 1, 2]).mean()
    assert evaluate(shipped[0], path, "test")["without_near_duplicates"] is None
    assert evaluate(shipped[0], path, "train")["without_near_duplicates"] is None


def test_validation_cut_out_of_training_is_told_apart(shipped: tuple[Path, Quantized], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "training_alone.csv", {"Training": faces(20, 1)})
    result = evaluate(shipped[0], path, "validation")
    assert (result["held_out_of_training"], result["n"]) == (True, 14)


def test_the_command_writes_the_pair_and_prints_nothing_but_its_figures(
    shipped: tuple[Path, Quantized], model: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "emotion_int8.tflite"
    command = [sys.executable, "-m", "convert", "quantize", str(model), "--data", str(data), "--out", str(out)]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}  # a user's pipe is buffered
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    starts = [line.split(" ")[0] for line in done.stdout.splitlines()]
    assert starts == ["operators,", "validation:", "test:", "prior", "certain", "wrote"]
    assert Classifier.load(out).manifest.accuracy == shipped[1].accuracy
    assert sorted(path.name for path in out.parent.iterdir()) == ["emotion_int8.json", "emotion_int8.tflite"]


def test_float_and_weights_only_files_are_refused(model: Path) -> None:
    network = keras.models.load_model(model)
    for optimizations in ([], [tf.lite.Optimize.DEFAULT]):
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        converter.optimizations = optimizations
        with pytest.raises(ModelError, match="not fully int8"):
            check_int8(converter.convert())
    assert check_int8(to_int8(network, faces(3).images))


def test_a_layer_without_an_int8_form_is_refused() -> None:
    pixels = keras.layers.Input((48, 48, 1))
    for operation, words in ((keras.ops.erf, "cannot convert this network .*Erf"), (keras.ops.sin, "not fully int8")):
        network = keras.Model(pixels, keras.layers.Dense(7)(keras.layers.Flatten()(operation(pixels))))
        with pytest.raises(ModelError, match=words) as caught:
            check_int8(to_int8(network, faces(3).images))
        assert "\n" not in str(caught.value)


def test_too_much_lost_is_an_error_and_leaves_an_earlier_pair_alone(model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "emotion_int8.tflite"
    with pytest.raises(ModelError, match=r"int8 loses .* nothing was written"):
        quantize(model, data, out, max_loss=-1.0)
    assert not list(tmp_path.iterdir())
    out.write_bytes(b"earlier model")
    manifest.path_beside(out).write_bytes(b"earlier manifest")
    with pytest.raises(ModelError):
        quantize(model, data, out, max_loss=-1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["emotion_int8.json", "emotion_int8.tflite"]
    assert out.read_bytes() == b"earlier model"


def variant(model: Path, **changes: Any) -> keras.Model:
    """The trained network with another last layer or another range of pixels."""
    network = keras.models.load_model(model)
    emotion = network.get_layer("emotion")
    kernel, bias = emotion.get_weights()
    order = changes.get("order", range(7))
    last = keras.layers.Dense(7, activation=changes.get("activation", "softmax"))
    pixels = keras.layers.Input((48, 48, 1))
    body = keras.Model(network.input, emotion.input)
    made = keras.Model(pixels, last(body(keras.layers.Rescaling(changes.get("factor", 1.0))(pixels))))
    last.set_weights([kernel[:, list(order)], bias[list(order)]])
    return made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order": [0, 1, 2, 3, 6, 4, 5]}, "in the order angry, disgust, fear, happy, neutral, sad, surprise"),
        ({"activation": "linear"}, "end the network in a softmax"),
        ({"factor": 255.0}, "expects pixels of 0 to 1, the device gives 0 to 255"),
    ],
)
def test_a_network_that_the_device_would_misread_is_refused(
    changes: dict[str, Any], words: str, model: Path, data: Path, tmp_path: Path
) -> None:
    variant(model, **changes).save(tmp_path / "other.keras")
    with pytest.raises(ModelError, match=words):
        quantize(tmp_path / "other.keras", data, tmp_path / "out" / "other.tflite")
    assert not (tmp_path / "out").exists()


def test_an_h5_file_of_older_keras_gives_what_the_keras_file_gives(
    shipped: tuple[Path, Quantized], model: Path, data: Path, tmp_path: Path
) -> None:
    keras.models.load_model(model).save(tmp_path / "legacy.h5")
    done = quantize(tmp_path / "legacy.h5", data, tmp_path / "legacy.tflite")
    assert done.accuracy == shipped[1].accuracy


def test_what_is_no_model_or_has_no_such_split_is_refused(
    shipped: tuple[Path, Quantized], data: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.keras"
    text.write_text("not a model")
    for path in (text, tmp_path / "none.keras"):
        with pytest.raises(NetworkError, match=r"not a readable \.keras model"):
            quantize(path, data, tmp_path / "out.tflite")
    other = tmp_path / "three_classes.keras"
    keras.Sequential([keras.layers.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]).save(other)
    with pytest.raises(UsageError, match=r"a network of 3 classes with no labels; say by --labels"):
        evaluate(other, data, "validation")
    small = tmp_path / "small_faces.keras"
    keras.Sequential([keras.layers.Input((32, 32, 1)), keras.layers.Flatten(), keras.layers.Dense(7)]).save(small)
    with pytest.raises(NetworkError, match=r"found \(\(None, 32, 32, 1\), \(None, 7\)\)"):
        evaluate(small, data, "validation")
    with pytest.raises(UsageError, match=r"ends in \.tflite"):
        quantize(other, data, tmp_path / "out.json")
    no_test = write_csv(tmp_path / "fer2013.csv", {"Training": faces(2), "PublicTest": faces(1, 5)})
    with pytest.raises(DataError, match="no test faces"):
        evaluate(shipped[0], no_test, "test")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("none.keras", 78, "not a readable .keras model"),
        ("model.onnx", 2, "expected a .keras, .h5 or .tflite file"),
        ("none.h5", 78, "no such file"),
    ],
)
def test_the_command_says_it_in_one_line(name: str, code: int, words: str, data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convert", "evaluate", str(tmp_path / name), "--data", str(data)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("convert: ") and words in line]


class FixedDetector:
    """Always the same box: 150 x 96 px, its centre 12 px right of and 24 px above the face's."""

    name = "fixed"
    geometry = CropGeometry(1.0, 0.0, 0.0)

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        centre = MARGIN_PX + FACE_PX / 2
        return [Face((centre + 12 - 75, centre - 24 - 48, 150, 96), 1.0)]


def test_the_measured_geometry_leads_from_the_box_back_to_the_face() -> None:
    with pytest.raises(DataError, match="found none of 0 faces"):
        measure(faces(0), FixedDetector())
    measured = measure(faces(1), FixedDetector())
    assert measured.geometry == CropGeometry(side=round(FACE_PX / 120, 3), shift_x=-0.1, shift_y=0.2)
    assert measured.spread == CropGeometry(0.0, 0.0, 0.0)
    assert (measured.found, measured.shown) == (7, 7)
