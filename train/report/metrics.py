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
    gaps = [one["n"] * abs(one["accuracy"] - one["confidence"]) for one in reliability(probabilities, labels)]
    return sum(gaps) / max(len(labels), 1)


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Return for each of `ECE_BINS` bins from `low` to `high` its `n` faces, mean `confidence` and `accuracy` (0 if none)."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    n, scores, hits = (np.bincount(bins, weights, ECE_BINS) for weights in (None, confidence, correct))
    return [
        {
            "low": index / ECE_BINS,
            "high": (index + 1) / ECE_BINS,
            "n": int(n[index]),
            "confidence": float(scores[index] / max(n[index], 1)),
            "accuracy": float(hits[index] / max(n[index], 1)),
        }
        for index in range(ECE_BINS)
    ]
