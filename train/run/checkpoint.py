"""The state of a run after an epoch: weights, optimizer and history, in one file, written by
one atomic rename.

NumPy's format: a model saved by Keras took 2.5 s an epoch, a tenth of the training.
"""

import hashlib
from io import StringIO
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from train.errors import RunError

NAME = "checkpoint.npz"


def fingerprint(*columns: np.ndarray) -> str:
    """What tells these training data from others."""
    digest = hashlib.blake2b(digest_size=16)
    for column in columns:
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def save(model: keras.Model, history: pd.DataFrame, out: Path, data: str) -> None:
    """Write the checkpoint of the run folder `out`, trained on what `fingerprint` calls `data`;
    its history for people.
    """
    history.to_csv(out / "history.csv", index=False)
    values = {
        f"{number:04}": keras.ops.convert_to_numpy(value)
        for number, value in enumerate(_variables(model))
    }
    part = out / f"part-{NAME}"
    np.savez(part, history=history.to_csv(index=False), data=data, **values)
    part.replace(out / NAME)


def resume(model: keras.Model, out: Path, data: str) -> pd.DataFrame:
    """Put `model` back where the checkpoint in `out` stood, if there is one; return the
    history, empty at the start.

    Raises RunError where that run learned from other than `data`.
    """
    if not (out / NAME).exists():
        return pd.DataFrame()
    with np.load(out / NAME) as file:
        if str(file["data"]) != data:
            raise RunError(
                f"{out}: started on other training data", "give it the same, or another --out"
            )
        for number, variable in enumerate(_variables(model)):
            variable.assign(file[f"{number:04}"])
        history = pd.read_csv(StringIO(str(file["history"])))
    print(f"resuming {out} after epoch {len(history)}", flush=True)
    return history


def iterations(model: keras.Model) -> int:
    """Steps that `model` has been trained for."""
    # `int` refuses a variable of several workers.
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]
