"""What quantization changed: float and int8 predictions of the same faces, side by side."""

from typing import Any

import numpy as np

from edge.contract import LABELS
from train.report.metrics import evaluate

LARGEST_CHANGES = 16


def compare(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Judge the float probabilities `before` and the int8 ones `after`, (N, 7) each, against `labels` (N,).

    `agreement` is the share of faces for which both predict the same emotion. `largest_changes` are the faces
    whose probabilities moved most, by `shift`: half the sum of the seven absolute differences, 0 to 1.
    """
    figures = {"float": evaluate(before, labels), "int8": evaluate(after, labels)}
    one, other = before.argmax(axis=1), after.argmax(axis=1)
    same = one == other
    shift = np.abs(after - before).sum(axis=1) / 2
    return {
        **{name: {kind: figures[kind][name] for kind in figures} for name in ("accuracy", "balanced_accuracy", "ece")},
        "agreement": float(same.mean()),
        "right_to_wrong": int(((one == labels) & (other != labels)).sum()),
        "wrong_to_right": int(((one != labels) & (other == labels)).sum()),
        "mean_shift": float(shift.mean()),
        "per_class": {
            label: {
                **{kind: figures[kind]["per_class"][label]["recall"] for kind in figures},
                "agreement": float(same[labels == index].mean()) if (labels == index).any() else 0.0,
                "n": int((labels == index).sum()),
            }
            for index, label in enumerate(LABELS)
        },
        "largest_changes": [
            {
                "row": int(row),
                "label": LABELS[labels[row]],
                "float": {"emotion": LABELS[one[row]], "score": float(before[row].max())},
                "int8": {"emotion": LABELS[other[row]], "score": float(after[row].max())},
                "shift": float(shift[row]),
            }
            for row in np.argsort(-shift, kind="stable")[:LARGEST_CHANGES]
        ],
    }
