"""The shift that takes FER2013's shares of the emotions back: how far, and what it does to the file."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from convert.decision.fairness import adjust_prior
from convert.decision.last_layer import with_logits
from convert.decision.prior import adjusted, choose_exponent, fit_prior, shift_of
from convert.evaluation.evaluate import predict
from convert.quantization.tflite import check_int8, to_int8
from edge.contract import LABELS
from edge.errors import ModelError, UsageError
from edge.settings import DEFAULT_MODEL, PROJECT
from edge.vision import manifest
from edge.vision.classifier import Classifier
from edge.vision.manifest import Manifest
from edge.vision.runtime import load_interpreter
from tests.synthetic import faces, write_csv
from train.data.faces import Faces

SHARES = np.array([0.14, 0.02, 0.14, 0.25, 0.17, 0.11, 0.17])
SHIFT = np.array([0.5, -1.0, 0.25, 0.0, 0.0, 1.5, -0.25])


def small_network(head: str = "dense") -> keras.Model:
    """Untrained, of a few convolutions; it ends as `head` says."""
    keras.utils.set_random_seed(1)
    pixels = keras.layers.Input((48, 48, 1))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = keras.layers.Conv2D(8, 4, strides=4, activation="relu")(x)
    if head == "dense":
        x = keras.layers.Dense(7, bias_initializer="random_normal")(keras.layers.GlobalAveragePooling2D()(x))
    else:
        x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(7, 1)(x))
    return keras.Model(pixels, keras.layers.Softmax()(x))


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_int8(small_network(), faces(8).images)


def outputs(content: bytes, images: np.ndarray, runtime: str = "litert") -> np.ndarray:
    """Probabilities (N, 7) as the file gives them."""
    interpreter = load_interpreter(content, 1, runtime)
    given, found = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for image in images:
        interpreter.set_tensor(given["index"], (image.astype(int) - 128).astype(np.int8).reshape(1, 48, 48, 1))
        interpreter.invoke()
        rows.append((interpreter.get_tensor(found["index"])[0].astype(float) + 128) / 256)
    return np.array(rows)


@pytest.mark.parametrize("temperature", [1.0, 1.25, 0.8])
def test_the_file_says_what_the_shift_and_the_temperature_make_of_its_answers(
    content: bytes, temperature: float
) -> None:
    images = faces(4, 5).images
    changed = with_logits(content, SHIFT, temperature)
    expected = adjusted(outputs(content, images), SHIFT, temperature)
    assert np.abs(outputs(changed, images) - expected).max() < 0.03  # of logits in steps of int8
    assert check_int8(changed) == check_int8(content)


def test_no_shift_at_temperature_one_changes_no_answer(content: bytes) -> None:
    images = faces(4, 5).images
    unchanged = with_logits(content, np.zeros(7), 1.0)
    assert np.array_equal(outputs(unchanged, images), outputs(content, images))


def test_a_network_that_ends_otherwise_is_refused() -> None:
    other = to_int8(small_network("convolution"), faces(8).images)
    with pytest.raises(ModelError, match="--prior-exponent 0"):
        with_logits(other, SHIFT, 1.0)


def test_the_shift_favours_what_was_rare_and_leaves_the_mean_face_where_it_was() -> None:
    shift = shift_of(SHARES, 0.5)
    assert shift.argmax() == LABELS.index("disgust")
    assert shift.argmin() == LABELS.index("happy")
    assert (shift * SHARES).sum() == pytest.approx(0)
    assert shift[1] - shift[3] == pytest.approx(0.5 * np.log(SHARES[3] / SHARES[1]))
    assert not shift_of(SHARES, 0.0).any()


def doubtful(rng: np.random.Generator, counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a perfect observer of noisy faces with the emotions' `counts`, and the labels."""
    labels = np.repeat(np.arange(7), counts)
    seen = np.eye(7)[labels] * 2.0 + rng.normal(0, 1, (len(labels), 7))
    weights = np.exp(2.0 * seen) * (np.array(counts) / sum(counts))
    return weights / weights.sum(axis=1, keepdims=True), labels


def test_the_exponent_gains_balance_and_costs_half_a_point_at_most() -> None:
    counts = [400, 40, 400, 900, 500, 300, 600]
    probabilities, labels = doubtful(np.random.default_rng(0), counts)
    shares = np.array(counts) / sum(counts)
    exponent = choose_exponent(probabilities, labels, shares)
    before, after = (adjusted(probabilities, shift_of(shares, e)).argmax(axis=1) for e in (0.0, exponent))
    assert exponent > 0
    assert (after == labels).mean() >= (before == labels).mean() - 0.005
    recalls = [[(found[labels == label] == label).mean() for label in range(7)] for found in (before, after)]
    assert np.mean(recalls[1]) > np.mean(recalls[0])


def test_where_all_emotions_are_equally_frequent_nothing_is_shifted() -> None:
    probabilities, labels = doubtful(np.random.default_rng(0), [50] * 7)
    train = Faces(np.zeros((70, 48, 48), np.uint8), np.repeat(np.arange(7), 10))
    prior = fit_prior(probabilities, Faces(np.zeros((350, 48, 48), np.uint8), labels), train)
    assert (prior.exponent, prior.temperature) == (0.0, 1.0)
    assert not prior.shift.any()


def test_an_emotion_without_training_faces_has_a_shift_all_the_same() -> None:
    probabilities, labels = doubtful(np.random.default_rng(0), [50] * 7)
    train = Faces(np.zeros((60, 48, 48), np.uint8), np.repeat([0, 2, 3, 4, 5, 6], 10))
    prior = fit_prior(probabilities, Faces(np.zeros((350, 48, 48), np.uint8), labels), train, exponent=0.5)
    assert np.isfinite(prior.shift).all()


@pytest.fixture(scope="module")
def unshifted(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair of files as `quantize --prior-exponent 0` writes them."""
    path = tmp_path_factory.mktemp("models") / "own.tflite"
    path.write_bytes(content)
    shipped = manifest.load(manifest.path_beside(DEFAULT_MODEL), Manifest)
    own = msgspec.structs.replace(
        shipped, sha256=manifest.sha256(path), prior={}, accuracy={"validation": {"float": 0.2, "int8": 0.2}}
    )
    manifest.save(own, manifest.path_beside(path))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    train = faces(20, 1)
    few = Faces(train.images, np.where(np.arange(140) % 3 == 0, train.labels, 3))  # mostly happy
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", {"Training": few, "PublicTest": faces(10, 2)})


def test_the_command_writes_a_pair_that_the_device_accepts_and_says_what_was_done(
    unshifted: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "fair.tflite"
    command = [sys.executable, "-m", "convert", "adjust-prior", str(unshifted), "--data", str(data), "--out", str(out)]
    command += ["--prior-exponent", "0.5", "--version", "0.2.0"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("prior exponent 0.5: accuracy ")
    classifier = Classifier.load(out)
    described = classifier.manifest
    assert (described.name, described.version, described.prior["exponent"]) == ("fair", "0.2.0", 0.5)
    assert described.prior["shift"]["disgust"] > 0 > described.prior["shift"]["happy"]
    assert set(described.certainty.thresholds) == set(LABELS)
    validation = faces(10, 2)
    accuracy = (predict(classifier, validation)[0].argmax(axis=1) == validation.labels).mean()
    assert described.accuracy["validation"] == {"float": 0.2, "int8": round(float(accuracy), 4)}
    assert described.prior["with"]["accuracy"] == round(float(accuracy), 4)
    json.dumps(described.prior)


def test_what_is_shifted_already_is_refused(unshifted: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "fair.tflite"
    adjust_prior(unshifted, data, out, 0.5)
    before = out.read_bytes()
    with pytest.raises(ModelError, match=r"shifted already \(exponent 0.5\)"):
        adjust_prior(out, data, out, 0.5)
    assert out.read_bytes() == before
    with pytest.raises(UsageError, match=r"ends in \.tflite"):
        adjust_prior(unshifted, data, tmp_path / "fair.json")


def test_exponent_zero_leaves_the_file_as_it_is(unshifted: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "same.tflite"
    done = adjust_prior(unshifted, data, out, 0.0)
    assert out.read_bytes() == unshifted.read_bytes()
    assert done.prior["exponent"] == 0


@pytest.mark.parametrize("text", ["1.5", "-0.1", "nan", "half"])
def test_an_exponent_that_is_none_is_a_usage_error(text: str, unshifted: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convert", "adjust-prior", str(unshifted), "--data", "none.csv"]
    command += ["--out", str(tmp_path / "out.tflite"), f"--prior-exponent={text}"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "expected a number from 0 to 1" in done.stderr
