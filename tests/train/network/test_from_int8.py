"""A training that begins where an int8 file ends: the same answers, in training too."""

from pathlib import Path

import keras
import numpy as np
import pytest

from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL
from edge.vision.detection import GrayNet
from train.detector.network import COPY_SHAPE, detector
from train.errors import NetworkError
from train.network.from_int8 import take_int8


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """Soft shapes, so that every layer has something to see."""
    small = np.random.default_rng(0).uniform(0, 255, (4, 36, 48, 1)).astype(np.float32)
    return np.asarray(keras.ops.image.resize(small, COPY_SHAPE[:2]))


@pytest.fixture(scope="module")
def network(frames: np.ndarray) -> keras.Model:
    made = detector(COPY_SHAPE)
    take_int8(made, DEFAULT_GRAYNET, frames)
    return made


def test_the_network_says_what_the_file_says(network: keras.Model, frames: np.ndarray) -> None:
    graynet = GrayNet.load(DEFAULT_GRAYNET)
    outputs = network.predict(frames, verbose=0)
    for number, frame in enumerate(frames):
        graynet._cells.run(np.round(frame[..., 0]).astype(np.uint8))
        every_cell = np.indices((36, 48)).reshape(2, -1)
        for name in ("scores", "boxes"):
            expected = graynet._cells.values(name, *every_cell)
            found = outputs[name][number].reshape(expected.shape)
            assert np.abs(found - expected).mean() < 0.05


def test_in_training_it_says_the_same(network: keras.Model, frames: np.ndarray) -> None:
    """Batch norm then goes by the batch: it was given the batch's own mean and variance."""
    before = network.get_weights()
    trained = network(frames, training=True)["scores"]
    network.set_weights(before)
    assert np.allclose(trained, network.predict(frames, verbose=0)["scores"], atol=0.02)


def test_another_networks_file_is_refused(frames: np.ndarray) -> None:
    with pytest.raises(NetworkError, match="expected 13 convolutions"):
        take_int8(detector(COPY_SHAPE), DEFAULT_MODEL, frames)


def test_what_is_no_model_is_refused(frames: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "face.tflite"
    path.write_bytes(b"not a model")
    with pytest.raises(NetworkError, match=r"expected a \.tflite file"):
        take_int8(detector(COPY_SHAPE), path, frames)
