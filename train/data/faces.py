"""Faces with their labels, and the three splits of a data set."""

from dataclasses import dataclass

import numpy as np

from edge.contract import INPUT_SIDE, LABELS
from train.config import SPLITS
from train.errors import DataError


@dataclass(frozen=True)
class Faces:
    """`images` (N, 48, 48) uint8, gray; `labels` (N,) int64, index into `names`."""

    images: np.ndarray
    labels: np.ndarray
    votes: np.ndarray | None = None
    """(N, 10) FER+ votes, or shares of them, by `train.data.votes.VOTE_COLUMNS`; all zero for a
    face without any; (N, K), by the classes, where these are not the seven emotions
    """
    names: tuple[str, ...] = LABELS
    """of the classes"""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "Faces":
        votes = None if self.votes is None else self.votes[rows]
        return Faces(self.images[rows], self.labels[rows], votes, self.names)

    def counts(self) -> dict[str, int]:
        numbers = np.bincount(self.labels, minlength=len(self.names))
        return {label: int(number) for label, number in zip(self.names, numbers, strict=True)}


@dataclass(frozen=True)
class Fer2013:
    train: Faces
    validation: Faces
    test: Faces
    dropped_duplicates: int = 0
    """Training faces left out because validation or test holds the same pixels."""
    held_out: bool = False
    """True where validation was cut out of training because the data brought none."""

    def split(self, name: str) -> Faces:
        """Return one of `SPLITS`; raises DataError where it is empty."""
        faces: Faces = getattr(self, name)
        if not len(faces):
            held = {split: len(getattr(self, split)) for split in SPLITS}
            hint = (
                "put <emotion>/ below train/"
                if name == "train"
                else "choose another --split or --data"
            )
            raise DataError(f"the data has no {name} faces (found {held})", hint)
        return faces


def stacked(images: list[np.ndarray], labels: list[int]) -> Faces:
    stacked = np.array(images, dtype=np.uint8).reshape(-1, INPUT_SIDE, INPUT_SIDE)
    return Faces(stacked, np.array(labels, dtype=np.int64))
