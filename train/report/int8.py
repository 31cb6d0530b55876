"""Compare float and int8 predictions of the same faces: what quantization changed."""

from typing import Any

import numpy as np

from edge.contract import LABELS
from train.report.metrics import evaluate

LARGEST_CHANGES = 16
SUMMARY = ("accuracy", "balanced_accuracy", "ece")


def compare(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Evaluate the float probabilities `before` and the int8 ones `after`, (N, 7) each, against
    `labels` (N,).

    `agreement` is the share of faces for which both predict the same emotion. `largest_changes`
    are the faces whose probabilities moved most, by `shift`: half the sum of the seven absolute
    differences, 0 to 1.
    """
    one = before.argmax(axis=1)
    other = after.argmax(axis=1)
    same = one == other
    shift = np.abs(after - before).sum(axis=1) / 2
    float_figures = evaluate(before, labels)
    int8_figures = evaluate(after, labels)
    figures: dict[str, Any] = {}
    for name in SUMMARY:
        figures[name] = {"float": float_figures[name], "int8": int8_figures[name]}
    figures["agreement"] = float(same.mean())
    figures["right_to_wrong"] = int(((one == labels) & (other != labels)).sum())
    figures["wrong_to_right"] = int(((one != labels) & (other == labels)).sum())
    figures["mean_shift"] = float(shift.mean())
    figures["per_class"] = {}
    for index, label in enumerate(LABELS):
        mine = labels == index
        figures["per_class"][label] = {
            "float": float_figures["per_class"][label]["recall"],
            "int8": int8_figures["per_class"][label]["recall"],
            "agreement": float(same[mine].mean()) if mine.any() else 0.0,
            "n": int(mine.sum()),
        }
    largest = np.argsort(-shift, kind="stable")[:LARGEST_CHANGES]
    figures["largest_changes"] = []
    for row in largest:
        change = {
            "row": int(row),
            "label": LABELS[labels[row]],
            "float": _prediction(before[row]),
            "int8": _prediction(after[row]),
            "shift": float(shift[row]),
        }
        figures["largest_changes"].append(change)
    return figures


def _prediction(probabilities: np.ndarray) -> dict[str, Any]:
    return {"emotion": LABELS[probabilities.argmax()], "score": float(probabilities.max())}
