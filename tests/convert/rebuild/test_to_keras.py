"""A finished int8 file becomes its float network again: same answers, sane to train on."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from convert.decision.last_layer import with_logits
from convert.quantization.quantize import quantize
from convert.quantization.tflite import to_int8
from convert.rebuild.layers import Weights, read_weights, without_prior
from convert.rebuild.network import rebuild
from convert.rebuild.to_keras import to_keras
from edge.contract import LABELS
from edge.errors import ModelError, UsageError
from edge.settings import MODEL_FAMILY, MODELS, PROJECT
from edge.vision.classifier import Classifier
from tests.pi import faces as real_faces
from tests.synthetic import faces, write_csv
from train.config import from_recipe
from train.data.batches import as_input
from train.fit import fit

RECIPE = """
epochs = 6
batch_size = 16
[network]
widths = [8, 16, 32]
depths = [1, 1, 1]
stem = 8
head = 32
"""
SHIFT = np.array([0.5, -1.0, 0.25, 0.0, 0.0, 1.5, -0.25])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, trained: data, recipe, run, int8 file."""
    made = tmp_path_factory.mktemp("small")
    write_csv(made / "fer2013.csv", {"Training": faces(48, 1), "PublicTest": faces(20, 2)})
    (made / "small.toml").write_text(RECIPE)
    fit(from_recipe(str(made / "small.toml"), data=str(made / "fer2013.csv")), made / "run")
    quantize(made / "run/model.keras", made / "fer2013.csv", made / "small.tflite", max_loss=1.0, prior_exponent=0.5)
    return made


def command(folder: Path, out: str, recipe: str = "small.toml") -> "subprocess.CompletedProcess[str]":
    arguments = ["small.tflite", "--recipe", recipe, "--data", "fer2013.csv", "--out", out]
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "convert", "to-keras", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_network_answers_as_the_trained_one_did(folder: Path) -> None:
    done = command(folder, "again.keras")
    assert done.returncode == 0, done.stderr
    assert "the same answer on" in done.stdout
    images = as_input(faces(20, 3).images)
    trained = keras.models.load_model(folder / "run/model.keras").predict(images, verbose=0)
    again = keras.models.load_model(folder / "again.keras").predict(images, verbose=0)
    assert np.corrcoef(trained.ravel(), again.ravel())[0, 1] > 0.99
    assert (trained.argmax(axis=1) == again.argmax(axis=1)).mean() > 0.95


def test_training_starts_from_it(folder: Path, tmp_path: Path) -> None:
    to_keras(folder / "small.tflite", str(folder / "small.toml"), folder / "fer2013.csv", tmp_path / "again.keras")
    config = from_recipe(
        str(folder / "small.toml"),
        data=str(folder / "fer2013.csv"),
        start=str(tmp_path / "again.keras"),
        epochs=1,
    )
    before = json.loads((folder / "run/metrics.json").read_text())["accuracy"]
    assert fit(config, tmp_path / "run")["accuracy"] > before - 0.1


def test_batch_norms_hold_the_averages_of_what_they_see(folder: Path) -> None:
    """So the network answers alike in training, where each batch has averages of its own."""
    images = faces(48, 1).images
    config = from_recipe(str(folder / "small.toml"), data="")
    network = rebuild(read_weights((folder / "small.tflite").read_bytes()), config, images)
    inference = network(as_input(images), training=False)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    np.testing.assert_allclose(network(as_input(images), training=True), inference, atol=0.05)


def test_shift_and_temperature_are_taken_off(folder: Path) -> None:
    config = from_recipe(str(folder / "small.toml"), data="")
    images = faces(12, 1).images
    network = rebuild(read_weights((folder / "small.tflite").read_bytes()), config, images)
    plain = to_int8(network, images)
    shifted = read_weights(with_logits(plain, SHIFT, 1.25))[-1]
    prior = {"exponent": 0.5, "temperature": 1.25, "shift": dict(zip(LABELS, SHIFT.tolist(), strict=True))}
    found = without_prior(shifted, prior)
    expected = read_weights(plain)[-1]
    np.testing.assert_allclose(found.kernel, expected.kernel, rtol=1e-5)
    np.testing.assert_allclose(found.bias, expected.bias, atol=1e-3)


def test_an_unshifted_file_stays_as_it_is() -> None:
    weights = Weights(np.ones((2, 7)), np.zeros(7))
    assert without_prior(weights, {}) is weights
    assert without_prior(weights, {"exponent": 0.0}) is weights


def test_the_file_of_another_recipe_is_refused(folder: Path) -> None:
    done = command(folder, "other.keras", recipe="emotion")
    assert done.returncode == 78, done.stderr
    assert "not those of the recipe" in done.stderr
    assert not (folder / "other.keras").exists()


def test_what_is_no_tflite_file_is_refused() -> None:
    with pytest.raises(ModelError, match=r"not a \.tflite file"):
        read_weights(b"\x08\x00\x00\x00TFL3")


def test_another_kind_of_output_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.keras"):
        to_keras(folder / "small.tflite", "emotion", folder / "fer2013.csv", tmp_path / "out.h5")


@pytest.mark.parametrize("name", [name for name, path in MODEL_FAMILY.items() if path.is_file()])
def test_each_shipped_model_has_its_float_network_beside_it(name: str) -> None:
    """Of at most 20 MB, the same in what it sees but for the shift of the logits."""
    model = MODEL_FAMILY[name]
    network = MODELS / f"{model.stem.removesuffix('_int8')}.keras"
    assert network.stat().st_size < 20_000_000
    images = real_faces.read(None)[:100]
    classifier = Classifier.load(model)
    int8 = np.array([classifier.classify(image) for image in images])
    trained = keras.models.load_model(network).predict(as_input(images), verbose=0)
    prior = classifier.manifest.prior
    logits = np.log(trained) + np.array([prior["shift"][label] for label in LABELS])
    shifted = np.exp(logits / prior["temperature"])
    shifted /= shifted.sum(axis=1, keepdims=True)
    assert np.corrcoef(int8.ravel(), shifted.ravel())[0, 1] > 0.99
