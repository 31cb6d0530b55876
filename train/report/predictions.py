"""A model's predictions on one split as CSV: the true label of every face, and its seven
probabilities.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from edge.contract import LABELS
from train.errors import DataError

COLUMNS = ["label", *LABELS]


def save(path: Path, probabilities: np.ndarray, labels: np.ndarray) -> None:
    """Write `probabilities` (N, 7) of the faces labelled `labels` (N,), one row a face, in the
    split's order.
    """
    table = pd.DataFrame(probabilities, columns=list(LABELS))
    table.insert(0, "label", [LABELS[label] for label in labels])
    table.to_csv(path, index=False, float_format="%.6f")


def load(path: Path, labels: np.ndarray) -> np.ndarray:
    """Return the probabilities, (N, 7); raises DataError unless they are those of faces
    labelled `labels`.
    """
    how = "make it with `python -m convert evaluate MODEL.tflite --predictions FILE`"
    if not path.is_file():
        raise DataError(f"{path}: no such file", how)
    try:
        table = pd.read_csv(path)
    except ValueError as error:  # pandas' parser errors and wrong encodings are ValueErrors
        raise DataError(f"{path}: not a CSV file ({str(error).strip()})", how) from error
    if list(table.columns) != COLUMNS:
        raise DataError(f"{path}: expected the columns {', '.join(COLUMNS)}", how)
    if table["label"].tolist() != [LABELS[label] for label in labels]:
        raise DataError(
            f"{path}: {len(table)} faces, not the {len(labels)} of this data in their order", how
        )
    probabilities = table[list(LABELS)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(probabilities).all():
        raise DataError(f"{path}: a probability is no number", how)
    return probabilities
