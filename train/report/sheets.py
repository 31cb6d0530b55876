"""Sheets of the faces in a data set that deserve a look, as PNG."""

from collections import Counter
from pathlib import Path

import numpy as np

from edge.contract import INPUT_SHAPE, LABELS
from train.config import SPLITS
from train.data.check import VOTED, Votes, labels_by_image, spread
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import drop_twins
from train.data.near_duplicates import near_pairs
from train.data.votes import LABEL_COLUMNS
from train.report import plots

SHOWN = 40  # faces on a sheet, the oddest first
NO_FACE = VOTED.index("no face")

Sheet = tuple[np.ndarray, list[str]]
"""faces, (N, 48, 48) uint8, and the caption of each"""


def save_sheets(data: Fer2013, folder: Path, votes: Votes | None = None) -> list[Path]:
    """Draw the sheets that have anything to show, all splits together, and return their paths."""
    splits = [getattr(data, split) for split in SPLITS]
    faces = Faces(*(np.concatenate([getattr(split, name) for split in splits]) for name in ("images", "labels")))
    sheets = {"contradicting_twins": _contradicting(faces), "least_contrast": _least_contrast(faces)}
    sheets["near_twins"] = _near_twins(drop_twins(data))
    if votes:
        none = {split: np.zeros((len(getattr(data, split)), len(VOTED)), int) for split in SPLITS}
        counts = np.concatenate([votes.get(split, none[split]) for split in SPLITS])
        sheets |= {"voters_disagree": _outvoted(faces, counts), "no_face": _no_face(faces, counts)}
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{name}.png": sheet for name, sheet in sheets.items() if sheet[1]}
    for path, (images, captions) in paths.items():
        plots.save_faces(images, captions, path)
    return list(paths)


def _contradicting(faces: Faces) -> Sheet:
    """Images that carry more than one label, those with most labels and copies first."""
    several = [(image, count) for image, count in labels_by_image(faces).items() if len(count) > 1]
    several.sort(key=lambda one: (len(one[1]), one[1].total()), reverse=True)
    images = [np.frombuffer(image, np.uint8).reshape(INPUT_SHAPE[:2]) for image, _ in several[:SHOWN]]
    return np.array(images), [_labels(count) for _, count in several[:SHOWN]]


def _labels(count: Counter[int]) -> str:
    lines = [f"{LABELS[label]} {n}x" for label, n in count.most_common()]
    return "\n".join(lines if len(lines) == 2 else [lines[0], f"{len(lines) - 1} other labels"])


def _least_contrast(faces: Faces) -> Sheet:
    levels = spread(faces)
    rows = np.argsort(levels, kind="stable")[:SHOWN]
    return faces.images[rows], [f"{LABELS[faces.labels[row]]}\nspread {levels[row]:.1f}" for row in rows]


def _near_twins(data: Fer2013) -> Sheet:
    """Faces of validation, each before the training face of the same photo, those with another label first."""
    held, train = data.validation, data.train
    rows, found, similarity = near_pairs(held.images, train.images)
    same_label = held.labels[rows] == train.labels[found]
    order = np.lexsort([similarity, same_label])[: SHOWN // 2]
    rows, found = rows[order], found[order]
    pairs = np.stack([held.images[rows], train.images[found]], axis=1)
    captions = [
        f"{LABELS[faces.labels[row]]}\n{where}"
        for pair in zip(rows, found, strict=True)
        for faces, row, where in zip((held, train), pair, ("validation", "training"), strict=True)
    ]
    return pairs.reshape(-1, *pairs.shape[2:]), captions


def _outvoted(faces: Faces, votes: np.ndarray) -> Sheet:
    """Faces for whose label nobody voted and for another emotion most: those on which voters are surest first."""
    own = np.take_along_axis(votes, LABEL_COLUMNS[faces.labels][:, np.newaxis], axis=1)[:, 0]
    emotions = votes[:, LABEL_COLUMNS]
    rows = np.flatnonzero((own == 0) & (emotions.max(axis=1) > 0))
    share = emotions[rows].max(axis=1) / votes[rows].sum(axis=1)
    rows = rows[np.argsort(-share, kind="stable")]
    rows = _spread_over_labels(rows, faces.labels)[:SHOWN]
    captions = [
        f"label: {LABELS[faces.labels[row]]}\n{emotions[row].max():g} of {votes[row].sum():g}: {LABELS[emotions[row].argmax()]}"
        for row in rows
    ]
    return faces.images[rows], captions


def _spread_over_labels(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Take turns: the first of every label, then the second of every label, and so on."""
    turn = np.zeros(len(rows), int)
    for label in range(len(LABELS)):
        mine = labels[rows] == label
        turn[mine] = np.arange(mine.sum())
    return rows[np.argsort(turn, kind="stable")]


def _no_face(faces: Faces, votes: np.ndarray) -> Sheet:
    share = votes[:, NO_FACE] / np.maximum(votes.sum(axis=1), 1e-6)
    rows = np.flatnonzero(share > 0.5)
    rows = rows[np.argsort(-share[rows], kind="stable")][:SHOWN]
    return faces.images[rows], [
        f"label: {LABELS[faces.labels[row]]}\n{votes[row, NO_FACE]:g} of {votes[row].sum():g}: no face" for row in rows
    ]
