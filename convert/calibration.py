"""The faces and frames that int8 conversion takes its value ranges from."""

import numpy as np

from edge.contract import LABELS
from train.data import Faces
from train.detector.judge import fitted
from train.detector.photos import Photo
from train.detector.scenes import CLEAN_SHARE, spoil

FACES_PER_CLASS = 60  # 420 in all; TensorFlow's guide to full integer quantization asks for 100 to 500
FRAMES = 200
SEED = 48


def calibration_faces(train: Faces, per_class: int = FACES_PER_CLASS, seed: int = SEED) -> Faces:
    """Draw `per_class` faces of every class from the training split, fewer where a class has fewer."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(train.labels == label))[:per_class] for label in range(len(LABELS))]
    return train.take(np.concatenate(rows))


def calibration_frames(training: tuple[Photo, ...], count: int = FRAMES, seed: int = SEED) -> np.ndarray:
    """Draw `count` training photos as the device's copy of a frame, (count, 288, 384) uint8, most with a camera's faults."""
    rng = np.random.default_rng(seed)
    frames = [fitted(training[index]).gray for index in rng.permutation(len(training))[:count]]
    return np.stack([frame if rng.random() < CLEAN_SHARE else spoil(frame, rng) for frame in frames])
