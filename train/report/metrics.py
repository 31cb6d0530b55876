"""How good a classifier is: accuracy, per-class table, confusion matrix, calibration.

NumPy alone.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.contract import LABELS

ECE_BINS = 15  # of equal width, as in Guo et al. 2017, "On Calibration of Modern Neural Networks"


def evaluate(
    probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str] = LABELS
) -> dict[str, Any]:
    """Compare `probabilities` (N, K) float with `labels` (N,) int, of the classes `names`, as
    JSON-ready values.

    `confusion[i][j]` counts faces of class i taken for class j. Classes without a face have
    recall 0 and stay out of `balanced_accuracy`, the mean recall of those that have one.
    `ece_equal_shares` is the calibration error where all emotions are equally frequent.
    """
    confusion = confusion_matrix(probabilities.argmax(axis=1), labels, probabilities.shape[1])
    hits = np.diag(confusion)
    support = confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    recall = hits / np.maximum(support, 1)
    precision = hits / np.maximum(predicted, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    per_class = {}
    for index, label in enumerate(names):
        per_class[label] = {
            "precision": float(precision[index]),
            "recall": float(recall[index]),
            "f1": float(f1[index]),
            "n": int(support[index]),
        }
    return {
        "n": len(labels),
        "accuracy": float(hits.sum() / max(len(labels), 1)),
        "balanced_accuracy": float(recall[support > 0].mean()),
        "per_class": per_class,
        "confusion": confusion.tolist(),
        "ece": expected_calibration_error(probabilities, labels),
        "ece_equal_shares": expected_calibration_error(
            probabilities, labels, equal_weights(labels)
        ),
    }


def equal_weights(labels: np.ndarray) -> np.ndarray:
    """Weights (N,) that give all emotions that occur the same say."""
    counts = np.bincount(labels)
    return np.asarray(1.0 / counts[labels])


def confusion_matrix(
    predicted: np.ndarray, labels: np.ndarray, classes: int = len(LABELS)
) -> np.ndarray:
    """Count, (classes, classes), the faces of each class, in rows, that were taken for each class,
    in columns.
    """
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    return confusion


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Mean gap between confidence and accuracy over `ECE_BINS` bins, weighted by their faces; 0
    to 1.
    """
    total = 0.0
    for one in reliability(probabilities, labels, weights):
        total += one["share"] * abs(one["accuracy"] - one["confidence"])
    return total


def reliability(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> list[dict[str, float]]:
    """Sort the faces by confidence into `ECE_BINS` bins.

    Returns for each bin its limits `low` and `high`, its number of faces `n` and `share` of
    them all, and their mean `confidence` and `accuracy`, 0 where there are none. Shares and
    means are weighted by `weights` (N,), where given.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    n = np.bincount(bin_of, None, ECE_BINS)
    mass = np.bincount(bin_of, weights, ECE_BINS)
    confidences = np.bincount(bin_of, weights * confidence, ECE_BINS)
    hits = np.bincount(bin_of, weights * correct, ECE_BINS)
    bins = []
    for index in range(ECE_BINS):
        inside = mass[index] or 1.0
        one = {
            "low": index / ECE_BINS,
            "high": (index + 1) / ECE_BINS,
            "n": int(n[index]),
            "share": float(mass[index] / (mass.sum() or 1.0)),
            "confidence": float(confidences[index] / inside),
            "accuracy": float(hits[index] / inside),
        }
        bins.append(one)
    return bins
