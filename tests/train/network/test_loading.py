"""One loader for every form of a trained network, and one line for everything else."""

import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.synthetic import faces
from train.data.batches import as_input
from train.errors import NetworkError
from train.network.loading import read_emotion_network, read_network


def network(**options: str) -> keras.Model:
    pixels = keras.layers.Input((48, 48, 1), **options)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pixels))
    return keras.Model(pixels, keras.layers.Dense(7, activation="softmax")(x))


@pytest.mark.parametrize(
    ("saved", "name"), [("a.keras", "a.keras"), ("a.h5", "a.h5"), ("a.h5", "a.keras"), ("a.keras", "a")]
)
def test_what_a_file_is_its_content_says(saved: str, name: str, tmp_path: Path) -> None:
    expected = network()
    expected.save(tmp_path / saved)
    path = (tmp_path / saved).rename(tmp_path / name)
    images = as_input(faces(1).images)
    found = read_emotion_network(path).predict(images, verbose=0)
    np.testing.assert_allclose(found, expected.predict(images, verbose=0), rtol=1e-5)


def saved_model(path: Path) -> None:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"\x08\x01")


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", "torch")


def cut(path: Path) -> None:
    network().save(path.with_suffix(".whole.keras"))
    path.write_bytes(path.with_suffix(".whole.keras").read_bytes()[:-3000])


def weights_alone(path: Path) -> None:
    network().save_weights(path.with_suffix(".weights.h5"))
    path.with_suffix(".weights.h5").rename(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (saved_model, "a SavedModel folder, which Keras 3 does not read; .*model.save"),
        (Path.mkdir, "a folder; expected a .keras or .h5 file"),
        (other_zip, r"not a readable \.keras model"),
        (cut, r"not a readable \.keras model"),
        (weights_alone, "weights alone, without the network"),
        (lambda path: path.write_text("not a model"), "neither a Keras 3 file nor an .h5 file"),
        (lambda path: path.write_bytes(b"\x1c\0\0\0TFL3" + bytes(20)), "a .tflite file"),
        (lambda path: None, "no such file"),
    ],
)
def test_everything_else_is_named(make, words: str, tmp_path: Path) -> None:
    make(tmp_path / "model")
    with pytest.raises(NetworkError, match=words) as caught:
        read_network(tmp_path / "model")
    assert "\n" not in str(caught.value)


def test_a_network_for_another_input_is_refused(tmp_path: Path) -> None:
    network(dtype="uint8").save(tmp_path / "uint8.keras")
    with pytest.raises(NetworkError, match="takes uint8 pixels, expected float32"):
        read_emotion_network(tmp_path / "uint8.keras")
    one = keras.Input((48, 48, 1))
    other = keras.Input((5,))
    x = keras.layers.Concatenate()([keras.layers.Flatten()(one), other])
    keras.Model([one, other], keras.layers.Dense(7)(x)).save(tmp_path / "two.keras")
    keras.Sequential([keras.layers.Input((48, 48, 3)), keras.layers.Flatten(), keras.layers.Dense(7)]).save(
        tmp_path / "colour.keras"
    )
    for name in ("two.keras", "colour.keras"):
        with pytest.raises(NetworkError, match="expected input and output of"):
            read_emotion_network(tmp_path / name)
