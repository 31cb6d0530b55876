"""A model's predictions on one split as CSV: the true label of every face, and a probability for
each class.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from train.data.faces import Faces
from train.errors import DataError


def save(path: Path, probabilities: np.ndarray, faces: Faces) -> None:
    """Write `probabilities` (N, K) of `faces`, one row a face, in the split's order."""
    table = pd.DataFrame(probabilities, columns=list(faces.names))
    table.insert(0, "label", [faces.names[label] for label in faces.labels])
    table.to_csv(path, index=False, float_format="%.6f")


def load(path: Path, faces: Faces) -> np.ndarray:
    """Return the probabilities, (N, K); raises DataError unless they are those of `faces`."""
    columns = ["label", *faces.names]
    how = "make it with `python -m convert evaluate MODEL.tflite --predictions FILE`"
    if not path.is_file():
        raise DataError(f"{path}: no such file", how)
    try:
        table = pd.read_csv(path)
    except ValueError as error:  # pandas' parser errors and wrong encodings are ValueErrors
        raise DataError(f"{path}: not a CSV file ({str(error).strip()})", how) from error
    if list(table.columns) != columns:
        raise DataError(f"{path}: expected the columns {', '.join(columns)}", how)
    if table["label"].tolist() != [faces.names[label] for label in faces.labels]:
        raise DataError(
            f"{path}: {len(table)} faces, not the {len(faces)} of this data in their order", how
        )
    probabilities = table[columns[1:]].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    if not np.isfinite(probabilities).all():
        raise DataError(f"{path}: a probability is no number", how)
    return probabilities
