"""The faces that int8 conversion takes its value ranges from."""

import numpy as np

from train.data.faces import Faces

# 420 of seven in all; TensorFlow's guide to full integer quantization asks for 100 to 500.
FACES_PER_CLASS = 60
SEED = 48


def calibration_faces(train: Faces, per_class: int = FACES_PER_CLASS, seed: int = SEED) -> Faces:
    """Draw `per_class` faces of every class from the training split, fewer where a class has
    fewer.
    """
    rng = np.random.default_rng(seed)
    rows = [
        rng.permutation(np.flatnonzero(train.labels == label))[:per_class]
        for label in range(len(train.names))
    ]
    return train.take(np.concatenate(rows))
