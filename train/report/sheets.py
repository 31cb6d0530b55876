"""Sheets of the faces in a data set that deserve a look, as PNG."""

from collections import Counter
from pathlib import Path

import numpy as np

from edge.contract import INPUT_SHAPE, LABELS
from train.config import SPLITS
from train.data.check import VOTED, Votes, labels_by_image, spread
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import drop_duplicates
from train.data.near_duplicates import near_pairs
from train.data.vote_columns import LABEL_COLUMNS
from train.report import plots

SHOWN = 40  # faces on a sheet, the oddest first
NO_FACE = VOTED.index("no face")

Sheet = tuple[np.ndarray, list[str]]
"""faces, (N, 48, 48) uint8, and the caption of each"""


def save_sheets(data: Fer2013, folder: Path, votes: Votes | None = None) -> list[Path]:
    """Draw the sheets that have anything to show, all splits together, and return their paths."""
    splits = [getattr(data, split) for split in SPLITS]
    images = np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    faces = Faces(images, labels)
    sheets = {
        "contradicting_duplicates": _contradicting(faces),
        "least_contrast": _least_contrast(faces),
        "near_duplicates": _near_duplicates(drop_duplicates(data)),
    }
    if votes:
        counts = _all_votes(data, votes)
        sheets["voters_disagree"] = _outvoted(faces, counts)
        sheets["no_face"] = _no_face(faces, counts)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (shown, captions) in sheets.items():
        if captions:
            paths.append(folder / f"{name}.png")
            plots.save_faces(shown, captions, paths[-1])
    return paths


def _all_votes(data: Fer2013, votes: Votes) -> np.ndarray:
    """The votes of all splits, zeros for one that has none."""
    parts = []
    for split in SPLITS:
        none = np.zeros((len(getattr(data, split)), len(VOTED)))
        parts.append(votes.get(split, none))
    return np.concatenate(parts)


def _contradicting(faces: Faces) -> Sheet:
    """Images that carry more than one label, those with most labels and copies first."""
    several = [one for one in labels_by_image(faces).items() if len(one[1]) > 1]
    several.sort(key=lambda one: (len(one[1]), one[1].total()), reverse=True)
    images = []
    captions = []
    for image, count in several[:SHOWN]:
        images.append(np.frombuffer(image, np.uint8).reshape(INPUT_SHAPE[:2]))
        captions.append(_label_counts(count))
    return np.array(images), captions


def _label_counts(count: Counter[int]) -> str:
    lines = [f"{LABELS[label]} {n}x" for label, n in count.most_common()]
    if len(lines) > 2:
        lines = [lines[0], f"{len(lines) - 1} other labels"]
    return "\n".join(lines)


def _least_contrast(faces: Faces) -> Sheet:
    levels = spread(faces)
    rows = np.argsort(levels, kind="stable")[:SHOWN]
    captions = [f"{LABELS[faces.labels[row]]}\nspread {levels[row]:.1f}" for row in rows]
    return faces.images[rows], captions


def _near_duplicates(data: Fer2013) -> Sheet:
    """Faces of validation, each before the training face of the same photo, other labels first."""
    held = data.validation
    train = data.train
    rows, found, similarity = near_pairs(held.images, train.images)
    same_label = held.labels[rows] == train.labels[found]
    order = np.lexsort([similarity, same_label])[: SHOWN // 2]
    rows = rows[order]
    found = found[order]
    pairs = np.stack([held.images[rows], train.images[found]], axis=1)
    captions = []
    for row, other in zip(rows, found, strict=True):
        captions.append(f"{LABELS[held.labels[row]]}\nvalidation")
        captions.append(f"{LABELS[train.labels[other]]}\ntraining")
    return pairs.reshape(-1, *pairs.shape[2:]), captions


def _outvoted(faces: Faces, votes: np.ndarray) -> Sheet:
    """Faces for whose label nobody voted, those first on which voters are surest of another
    emotion.
    """
    columns = LABEL_COLUMNS[faces.labels][:, np.newaxis]
    own = np.take_along_axis(votes, columns, axis=1)[:, 0]
    emotions = votes[:, LABEL_COLUMNS]
    rows = np.flatnonzero((own == 0) & (emotions.max(axis=1) > 0))
    share = emotions[rows].max(axis=1) / votes[rows].sum(axis=1)
    rows = rows[np.argsort(-share, kind="stable")]
    rows = _spread_over_labels(rows, faces.labels)[:SHOWN]
    captions = []
    for row in rows:
        most = emotions[row].max()
        emotion = LABELS[emotions[row].argmax()]
        label = LABELS[faces.labels[row]]
        captions.append(f"label: {label}\n{most:g} of {votes[row].sum():g}: {emotion}")
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
    captions = []
    for row in rows:
        label = LABELS[faces.labels[row]]
        captions.append(f"label: {label}\n{votes[row, NO_FACE]:g} of {votes[row].sum():g}: no face")
    return faces.images[rows], captions
