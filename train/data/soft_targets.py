"""What the network is asked to say of each training face: its label, softened by the teachers where they judged it."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from train.data.faces import Faces
from train.errors import DataError

DAMAGED = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile)  # what NumPy says of it
MIN_JUDGED = 0.99  # of the training faces; fewer: the file was made of other data


def one_hot(labels: np.ndarray) -> np.ndarray:
    """(N,) int to (N, 7) float32."""
    return np.eye(len(LABELS), dtype=np.float32)[labels]


def image_keys(images: np.ndarray) -> np.ndarray:
    """(N,) uint64 that name faces by their pixels, whatever their order."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), dtype="<u8")


def save_soft_targets(path: Path, faces: Faces, probabilities: np.ndarray) -> None:
    """Write the teachers' `probabilities` (N, 7) and FER+'s votes for `faces`, found again by their pixels."""
    keys, first = np.unique(image_keys(faces.images), return_index=True)
    columns = {
        "keys": keys,
        "probabilities": probabilities[first].astype(np.float16),
        "votes": faces.votes[first].astype(np.float16),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part-{path.name}")
    with part.open("wb") as file:
        np.savez_compressed(file, **columns)
    part.replace(path)


def load_soft_targets(path: Path, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    """Return the teachers' probabilities, (N, 7) float32, and the votes, (N, 10) float32, for `faces`.

    A face that the teachers did not judge has its label and no votes. Raises DataError where the file is missing
    or was made of other faces.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            keys, probabilities, votes = file["keys"], file["probabilities"].astype(np.float32), file["votes"]
    except DAMAGED as error:
        raise DataError(
            f"{path}: not a file of soft targets ({error}); make it with `python -m train teach`"
        ) from error
    wanted = image_keys(faces.images)
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    judged = keys[found] == wanted
    if judged.mean() < MIN_JUDGED:
        raise DataError(
            f"{path}: judges {judged.mean():.1%} of the training faces, expected at least {MIN_JUDGED:.0%}; use the original "
            "fer2013.csv (JPEG folders hold other pixels), or make it anew with `python -m train teach`"
        )
    softened = np.where(judged[:, np.newaxis], probabilities[found], one_hot(faces.labels))
    return softened, np.where(judged[:, np.newaxis], votes[found], 0).astype(np.float32)
