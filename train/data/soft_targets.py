"""Soft targets: store and load the teachers' probabilities for each training face."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from train.data.classes import SEVEN, Classes
from train.data.faces import Faces
from train.data.vote_columns import LABEL_COLUMNS
from train.errors import DataError

# What NumPy raises for a file that is none of its own.
DAMAGED = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile)
LEAST_TOLD = 0.02  # of the probability must be on the classes; less is rounding, and no answer
MIN_COVERED = 0.99  # of the training faces; fewer: the file was made of other data


def one_hot(labels: np.ndarray, count: int = len(LABELS)) -> np.ndarray:
    """(N,) int to (N, count) float32."""
    return np.eye(count, dtype=np.float32)[labels]


def image_keys(images: np.ndarray) -> np.ndarray:
    """(N,) uint64 that name faces by their pixels, whatever their order."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), dtype="<u8")


def save_soft_targets(path: Path, faces: Faces, probabilities: np.ndarray) -> None:
    """Write the teachers' `probabilities` (N, 7) and FER+'s votes for `faces`, found again by
    their pixels.
    """
    if faces.votes is None:
        raise DataError("the faces have no FER+ votes", "add --votes fer2013new.csv")
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


def load_soft_targets(
    path: Path, faces: Faces, classes: Classes = SEVEN
) -> tuple[np.ndarray, np.ndarray]:
    """Return the teachers' probabilities, (N, K) float32, and the votes, (N, 10) float32, for
    `faces`, which are labelled with `classes`. Of other classes than the seven emotions, both are
    summed up, and the votes are (N, K).

    A face that is not in the file, or of which the teachers say that it is none of the classes,
    has its label; the first also has no votes. Raises DataError where the file
    is missing or was made of other faces.
    """
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            keys = file["keys"]
            probabilities = file["probabilities"].astype(np.float32)
            votes = file["votes"]
    except DAMAGED as error:
        raise DataError(
            f"{path}: not a file of soft targets ({error})", "make it with `python -m train teach`"
        ) from error
    own_keys = image_keys(faces.images)
    found = np.minimum(np.searchsorted(keys, own_keys), len(keys) - 1)
    covered = keys[found] == own_keys
    if covered.mean() < MIN_COVERED:
        raise DataError(
            f"{path}: covers {covered.mean():.1%} of the training faces, expected at least {MIN_COVERED:.0%}",
            "use the original fer2013.csv (JPEG folders hold other pixels), or make it anew with "
            "`python -m train teach`",
        )
    in_file = covered[:, np.newaxis]
    if classes != SEVEN:
        votes = classes.summed(votes[:, LABEL_COLUMNS].astype(np.float32))
    told = in_file & (classes.summed(probabilities[found]).sum(axis=1, keepdims=True) > LEAST_TOLD)
    softened = np.where(
        told, classes.merged(probabilities[found]), one_hot(faces.labels, len(classes))
    )
    return softened.astype(np.float32), np.where(in_file, votes[found], 0).astype(np.float32)
