"""Decide fairly: FER2013 has 1.5% disgust and 25% happy, a room has not.

A network learns how frequent each emotion was in training, and leans towards the frequent ones. Subtracting
`exponent * log(share)` from its logits takes that back in part: "Long-tail learning via logit adjustment", Menon et
al. 2021, after training.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.contract import LABELS
from train.data.faces import Faces
from train.network.export import best_temperature
from train.report.metrics import equal_weights, evaluate

EXPONENTS = np.arange(0, 21) / 20  # 0: as trained; 1: as if all emotions had been equally frequent
MAX_COST = 0.005  # of validation accuracy
LEAST_PROBABILITY = 1 / 512  # half a step of the int8 output: what 0 stands for


@dataclass(frozen=True)
class Prior:
    """What is done to the logits: `shift` is added, then all are divided by `temperature`."""

    exponent: float
    shares: np.ndarray
    """of the classes among the training faces, (K,), adding up to 1"""
    shift: np.ndarray
    """(K,)"""
    temperature: float
    """refitted to validation faces, in FER2013's shares"""
    temperature_equal_shares: float
    """what it would be in a room where all emotions are equally frequent; for people"""
    names: tuple[str, ...] = LABELS
    """of the classes"""

    def described(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "exponent": self.exponent,
            "shares": self._by_label(self.shares),
            "shift": self._by_label(self.shift),
            "temperature": round(self.temperature, 4),
            "temperature_equal_shares": round(self.temperature_equal_shares, 4),
        }

    def _by_label(self, values: np.ndarray) -> dict[str, float]:
        return {
            label: round(float(value), 4) for label, value in zip(self.names, values, strict=True)
        }


def fit_prior(
    probabilities: np.ndarray, validation: Faces, train: Faces, exponent: float | None = None
) -> Prior:
    """Fit to `probabilities` (N, K), the network's answers to the faces of `validation`.

    `exponent` None chooses it; 0 leaves the network as it was trained, its temperature too.
    """
    shares = _shares(train)
    if exponent is None:
        exponent = choose_exponent(probabilities, validation.labels, shares)
    if exponent == 0:
        return Prior(0.0, shares, np.zeros(len(shares)), 1.0, 1.0, train.names)
    shift = shift_of(shares, exponent)
    shifted = adjusted(probabilities, shift)
    temperature = best_temperature(shifted, validation.labels)
    equally = best_temperature(shifted, validation.labels, equal_weights(validation.labels))
    return Prior(exponent, shares, shift, temperature, equally, train.names)


def choose_exponent(probabilities: np.ndarray, labels: np.ndarray, shares: np.ndarray) -> float:
    """The one of `EXPONENTS` with the greatest mean of accuracy and balanced accuracy, for `MAX_COST` at most."""
    figures = [
        figures_of(adjusted(probabilities, shift_of(shares, exponent)), labels)
        for exponent in EXPONENTS
    ]
    least = figures[0]["accuracy"] - MAX_COST
    worth = [sum(one.values()) if one["accuracy"] >= least else -1.0 for one in figures]
    return float(EXPONENTS[int(np.argmax(worth))])


def shift_of(shares: np.ndarray, exponent: float) -> np.ndarray:
    """What is added to the logits, (K,); zero in the mean over the faces, so that they keep their range."""
    logs = np.log(shares)
    return np.asarray(exponent * ((shares * logs).sum() - logs))


def adjusted(probabilities: np.ndarray, shift: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """What `probabilities` (N, K) become."""
    logits = (np.log(np.maximum(probabilities, LEAST_PROBABILITY)) + shift) / temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def figures_of(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracy and balanced accuracy."""
    found = evaluate(probabilities, labels, _numbered(probabilities))
    return {name: found[name] for name in ("accuracy", "balanced_accuracy")}


def calibration_of(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The expected calibration error where emotions are as frequent as in FER2013, and where all are equally so."""
    found = evaluate(probabilities, labels, _numbered(probabilities))
    return {
        "fer2013_shares": round(found["ece"], 4),
        "equal_shares": round(found["ece_equal_shares"], 4),
    }


def _shares(faces: Faces) -> np.ndarray:
    """A class without a face counts as one face, as its logarithm must exist."""
    counts = np.maximum(np.bincount(faces.labels, minlength=len(faces.names)), 1)
    return np.asarray(counts / counts.sum())


def _numbered(probabilities: np.ndarray) -> list[str]:
    """Names for classes of which only the sums are asked for."""
    return [str(number) for number in range(probabilities.shape[1])]
