"""Read FER2013 in every form that users have it: CSV, Kaggle folders, or an archive of either."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from train.data.classes import SEVEN, Classes
from train.data.faces import Faces, Fer2013
from train.data.reading.archive import is_archive, lone_archive, read_archive
from train.data.reading.folder import read_folder
from train.data.reading.table import read_csv
from train.data.vote_columns import LABEL_COLUMNS
from train.errors import DataError

HELD_OUT_SHARE = 0.1  # of the training faces, where the data brings no validation split
HELD_OUT_SEED = 2013


def load(path: str | Path) -> Fer2013:
    """Read `path`, hold out a validation split if there is none, and drop cross-split duplicates.

    Raises DataError where the data is missing, malformed or empty.
    """
    return drop_duplicates(hold_out_validation(read(path)))


def in_classes(data: Fer2013, classes: Classes) -> Fer2013:
    """`data`, labelled with the seven emotions, with `classes` as labels, without faces of none of them."""
    return replace(
        data,
        train=_in_classes(data.train, classes),
        validation=_in_classes(data.validation, classes),
        test=_in_classes(data.test, classes),
    )


def _in_classes(faces: Faces, classes: Classes) -> Faces:
    if classes == SEVEN:
        return faces
    labels = classes.class_of[faces.labels]
    votes = None if faces.votes is None else classes.summed(faces.votes[:, LABEL_COLUMNS])
    rows = np.flatnonzero(labels >= 0)
    return Faces(faces.images, labels, votes, classes.names).take(rows)


def read(path: str | Path) -> Fer2013:
    """Read `path` (CSV, Kaggle folder, zip, tar or gz of one) as it is, duplicates included."""
    path = Path(path)
    if not path.exists():
        raise DataError(
            f"{path}: no such file or folder",
            "give fer2013.csv, a Kaggle folder or an archive of one",
        )
    if path.is_dir():
        packed = lone_archive(path)
        return read_archive(packed) if packed else read_folder(path)
    if not path.is_file():
        raise DataError(
            f"{path}: neither a file nor a folder",
            "give fer2013.csv, a Kaggle folder or an archive of one",
        )
    return read_archive(path) if is_archive(path) else read_csv(path)


def duplicates(faces: Faces, others: Faces) -> np.ndarray:
    """Return (N,) bool: which of `faces` stand, pixel for pixel, in `others` too."""
    known = {image.tobytes() for image in others.images}
    found = np.zeros(len(faces), dtype=bool)
    for row, image in enumerate(faces.images):
        found[row] = image.tobytes() in known
    return found


def drop_duplicates(data: Fer2013) -> Fer2013:
    """Leave out training faces that validation or test also holds: they would be learned by
    heart.
    """
    doubled = duplicates(data.train, data.validation) | duplicates(data.train, data.test)
    kept = data.train.take(np.flatnonzero(~doubled))
    return replace(data, train=kept, dropped_duplicates=int(doubled.sum()))


def hold_out_validation(data: Fer2013) -> Fer2013:
    """Cut a seeded, class-balanced tenth out of training where the data brings no validation
    split.
    """
    if len(data.validation) or not len(data.train):
        return data
    rng = np.random.default_rng(HELD_OUT_SEED)
    held = np.zeros(len(data.train), dtype=bool)
    for label in range(len(LABELS)):
        rows = np.flatnonzero(data.train.labels == label)
        count = round(len(rows) * HELD_OUT_SHARE) or int(len(rows) > 1)  # of few faces at least one
        held[rng.permutation(rows)[:count]] = True
    return replace(
        data,
        train=data.train.take(np.flatnonzero(~held)),
        validation=data.train.take(np.flatnonzero(held)),
        held_out=True,
    )
