"""Carry on from an int8 detector: its weights, and the photos without faces that mislead it, drawn more often."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from train.detector.metrics import fitted
from train.detector.network import FRAME_SHAPE
from train.detector.photos import Photo
from train.network.from_int8 import take_int8

SETTLING_FRAMES = 200  # for mean and variance of each layer
# Times more often a photo is drawn in which it is sure of a face that is not there.
MISLEADING = 8.0
BATCH = 64


def begin(model: keras.Model, path: Path, training: tuple[Photo, ...]) -> tuple[Photo, ...]:
    """Give `model` the weights of the detector `path`; return the photos, the misleading ones with more weight.

    Raises NetworkError where `path` is no detector of this kind.
    """
    step = max(1, len(training) // SETTLING_FRAMES)
    take_int8(model, path, _frames(training[::step]))
    return tuple(_weighed(model, training))


def _weighed(model: keras.Model, training: tuple[Photo, ...]) -> list[Photo]:
    free = [number for number, photo in enumerate(training) if not len(photo.boxes)]
    photos = list(training)
    for first in range(0, len(free), BATCH):
        numbers = free[first : first + BATCH]
        scores = model.predict(_frames([training[number] for number in numbers]), verbose=0)[
            "scores"
        ]
        for number, score in zip(numbers, scores.max(axis=(1, 2, 3)).tolist(), strict=True):
            photos[number] = replace(
                photos[number], weight=photos[number].weight * (1 + MISLEADING * score)
            )
    return photos


def _frames(photos: list[Photo] | tuple[Photo, ...]) -> np.ndarray:
    """As the device's copy of a frame, in its middle as large as `model` takes it."""
    height, width, _ = FRAME_SHAPE
    frames = []
    for photo in photos:
        gray = fitted(photo).gray
        top = (gray.shape[0] - height) // 2
        left = (gray.shape[1] - width) // 2
        frames.append(gray[top : top + height, left : left + width])
    return np.stack(frames)[..., np.newaxis].astype(np.float32)
