"""How good a classifier is: accuracy, per-class table, confusion matrix, calibration. Pure numpy."""

from typing import Any

import numpy as np

from edge.contract import LABELS

ECE_BINS = 15  # equal-width confidence bins, as in Guo et al. 2017, "On Calibration of Modern Neural Networks"


def evaluate(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Judge `probabilities` (N, 7) float against `labels` (N,) int, as JSON-ready values.

    `confusion[i][j]` counts faces of class i taken for class j. Classes without a face have recall 0 and
    stay out of `balanced_accuracy`, the mean recall of those that have one.
    """
    predicted = probabilities.argmax(axis=1)
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    hits, support, claimed = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    recall, precision = hits / np.maximum(support, 1), hits / np.maximum(claimed, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    table = zip(LABELS, precision, recall, f1, support, strict=True)
    return {
        "n": len(labels),
        "accuracy": float(hits.sum() / max(len(labels), 1)),
        "balanced_accuracy": float(recall[support > 0].mean()),
        "per_class": {
            label: {"precision": float(p), "recall": float(r), "f1": float(f), "n": int(n)}
            for label, p, r, f, n in table
        },
        "confusion": confusion.tolist(),
        "ece": expected_calibration_error(probabilities, labels),
    }


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean gap between confidence and accuracy over `ECE_BINS` bins, weighted by their faces; 0 to 1."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gap = np.bincount(bins, weights=correct - confidence, minlength=ECE_BINS)
    return float(np.abs(gap).sum() / max(len(labels), 1))
