"""Compare float and int8 predictions of the same faces: what quantization changed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from train.data.faces import Faces
from train.report.metrics import evaluate

LARGEST_CHANGES = 16
SUMMARY = ("accuracy", "balanced_accuracy", "ece")


def compare(before: np.ndarray, after: np.ndarray, faces: Faces) -> dict[str, Any]:
    """Evaluate the float probabilities `before` and the int8 ones `after`, (N, K) each, against
    the labels of `faces`.

    `agreement` is the share of faces for which both predict the same emotion. `largest_changes`
    are the faces whose probabilities moved most, by `shift`: half the sum of the absolute
    differences, 0 to 1.
    """
    labels = faces.labels
    names = faces.names
    one = before.argmax(axis=1)
    other = after.argmax(axis=1)
    same = one == other
    shift = np.abs(after - before).sum(axis=1) / 2
    float_figures = evaluate(before, labels, names)
    int8_figures = evaluate(after, labels, names)
    figures: dict[str, Any] = {}
    for name in SUMMARY:
        figures[name] = {"float": float_figures[name], "int8": int8_figures[name]}
    figures["agreement"] = float(same.mean())
    figures["right_to_wrong"] = int(((one == labels) & (other != labels)).sum())
    figures["wrong_to_right"] = int(((one != labels) & (other == labels)).sum())
    figures["mean_shift"] = float(shift.mean())
    figures["per_class"] = {}
    for index, label in enumerate(names):
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
            "label": names[labels[row]],
            "float": _prediction(before[row], names),
            "int8": _prediction(after[row], names),
            "shift": float(shift[row]),
        }
        figures["largest_changes"].append(change)
    return figures


def _prediction(probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    return {"emotion": names[int(probabilities.argmax())], "score": float(probabilities.max())}
