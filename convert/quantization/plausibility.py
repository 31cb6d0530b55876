"""Tell a network that cannot work on the device: other scaling, another order of labels, no
probabilities, no skill.

Comparing float with int8 finds none of these: both are wrong alike.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.errors import ModelError
from train.data.batches import as_input
from train.data.faces import Faces

DEVICE_RANGE = "0 to 255"
RANGES = {
    DEVICE_RANGE: (1.0, 0.0),
    "0 to 1": (1 / 255, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
}  # factor, offset
CLEARLY_BETTER = 0.05  # of the faces
SIGMAS = 3.0  # or as much as chance may do on few faces
SUM_TOLERANCE = 0.01  # of a row of probabilities


@dataclass(frozen=True)
class Fit:
    """How well one range of pixels suits a network, with its outputs as they are and in the
    best order.
    """

    accuracy: float
    best_accuracy: float
    order: tuple[str, ...]
    """the label that each output stands for, in that best order"""


def check_plausible(path: Path, network: Any, faces: Faces) -> None:
    """Raise ModelError, with all that is wrong, unless `network` tells the emotions of `faces`
    as the device will ask.
    """
    answers = {name: _predict(network, faces, *scaling) for name, scaling in RANGES.items()}
    faults = probability_faults(answers[DEVICE_RANGE])
    fits = {name: fit(probabilities, faces) for name, probabilities in answers.items()}
    faults += skill_faults(fits, faces)
    if faults:
        raise ModelError(
            f"{path}: {'; '.join(faults)}; nothing was written",
            "give a network trained on FER2013's seven emotions",
        )


def probability_faults(probabilities: np.ndarray) -> list[str]:
    """What is wrong with outputs (N, K) that should be probabilities."""
    sums = probabilities.sum(axis=1)
    if np.allclose(sums, 1, atol=SUM_TOLERANCE) and probabilities.min() >= -SUM_TOLERANCE:
        return []
    least = probabilities.min()
    found = f"sums from {sums.min():.3g} to {sums.max():.3g}, the least output {least:.3g}"
    return [f"expected probabilities that sum to 1, found {found}: end the network in a softmax"]


def skill_faults(fits: dict[str, Fit], faces: Faces) -> list[str]:
    """What keeps the network from being right about `faces`."""
    name = _suiting_range(fits, len(faces))
    chosen = fits[name]
    reordered = chosen.best_accuracy > chosen.accuracy + _clearly(len(faces))
    skill = chosen.best_accuracy if reordered else chosen.accuracy
    largest = int(np.bincount(faces.labels).argmax())
    share = float((faces.labels == largest).mean())
    if skill <= share + _chance(share, len(faces)):
        return [
            f"right on {fits[DEVICE_RANGE].accuracy:.1%} of the validation faces, no better than always "
            f"{faces.names[largest]} ({share:.1%}), in whatever order of labels and with pixels of {', '.join(fits)}: "
            "train it on FER2013, with its scaling inside the network"
        ]
    faults = []
    if name != DEVICE_RANGE:
        faults.append(
            f"expects pixels of {name}, the device gives {DEVICE_RANGE} (right on {skill:.1%} instead of "
            f"{fits[DEVICE_RANGE].accuracy:.1%}): put keras.layers.Rescaling{RANGES[name]} behind its input"
        )
    if reordered:
        faults.append(
            f"its outputs stand in the order {', '.join(chosen.order)} (right on {chosen.best_accuracy:.1%} that way, "
            f"{chosen.accuracy:.1%} as they are), expected {', '.join(faces.names)}: train it with labels in this order"
        )
    return faults


def fit(probabilities: np.ndarray, faces: Faces) -> Fit:
    """Measure outputs (N, K) against the labels of `faces`, and find the order of labels that
    suits them best.
    """
    labels = faces.labels
    predicted = np.nan_to_num(probabilities, nan=-np.inf).argmax(axis=1)
    confusion = np.zeros((len(faces.names), len(faces.names)))
    np.add.at(confusion, (predicted, labels), 1)
    # `outputs` counts from 0 on.
    outputs, meanings = linear_sum_assignment(confusion, maximize=True)
    best = confusion[outputs, meanings].sum()
    order = tuple(faces.names[meaning] for meaning in meanings)
    return Fit(float(np.trace(confusion) / len(labels)), float(best / len(labels)), order)


def _suiting_range(fits: dict[str, Fit], count: int) -> str:
    """The device's, unless another suits clearly better."""
    best = max(fits, key=lambda name: fits[name].best_accuracy)
    gain = fits[best].best_accuracy - fits[DEVICE_RANGE].best_accuracy
    return best if gain > _clearly(count) else DEVICE_RANGE


def _clearly(count: int) -> float:
    """A difference of accuracy that chance does not make on `count` faces."""
    return max(CLEARLY_BETTER, _chance(0.5, count))


def _chance(share: float, count: int) -> float:
    return SIGMAS * math.sqrt(share * (1 - share) / count)


def _predict(network: Any, faces: Faces, factor: float, offset: float) -> np.ndarray:
    pixels = as_input(faces.images) * np.float32(factor) + np.float32(offset)
    return np.asarray(network.predict(pixels, batch_size=256, verbose=0))
