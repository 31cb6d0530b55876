"""A loss that takes into account how frequent each class is in training: Menon et al. 2021, "Long-tail learning via
logit adjustment", equation 10.
"""

import keras
import numpy as np
from keras import ops

LEAST_PROBABILITY = 1e-7


class LogitAdjusted(keras.losses.Loss):
    """Cross-entropy of logits to which `exponent * log(share)` is added in training alone.

    `shares` (K,) are those of the classes among the training faces: the network need not learn how frequent they are.
    """

    def __init__(self, shares: np.ndarray, exponent: float) -> None:
        super().__init__(name="logit_adjusted")
        self._shift = (exponent * np.log(np.maximum(shares, LEAST_PROBABILITY))).astype(np.float32)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """`y_true` and `y_pred` (B, K) are probabilities."""
        logits = ops.log(ops.maximum(y_pred, LEAST_PROBABILITY)) + self._shift
        return keras.losses.categorical_crossentropy(y_true, logits, from_logits=True)
