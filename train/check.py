"""Say what a data set really holds: counts, blanks, twins within and across splits, contradicting labels."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from edge.contract import LABELS
from train.data import SPLITS, Faces, Fer2013, twins


def report(data: Fer2013) -> Iterator[str]:
    """Yield the report's lines for `data` as read, before anything is dropped."""
    yield f"{'':12}" + "".join(f"{label:>10}" for label in LABELS) + f"{'all':>10}"
    for split in SPLITS:
        counts = getattr(data, split).counts()
        yield f"{split:12}" + "".join(f"{counts[label]:10,}" for label in LABELS) + f"{sum(counts.values()):10,}"
    yield ""
    for split in SPLITS:
        faces = getattr(data, split)
        copies, contradicting = _copies(faces)
        yield f"{split}: {blanks(faces)} blank, {copies} exact copies of another face, {contradicting} faces with a twin of another label"
    for split, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        shared = int(twins(getattr(data, split), getattr(data, other)).sum())
        note = " (left out by `fit`)" if split == "train" else ""
        yield f"{split} and {other}: {shared} faces of {split} stand in {other} too{note}"


def blanks(faces: Faces) -> int:
    """Number of images with one gray level only."""
    return sum(int(image.min() == image.max()) for image in faces.images)


def _copies(faces: Faces) -> tuple[int, int]:
    """(copies beyond the first of each image, faces whose pixels also carry another label)."""
    labels = defaultdict(list)
    for image, label in zip(faces.images, faces.labels, strict=True):
        labels[image.tobytes()].append(int(label))
    copies = sum(len(group) - 1 for group in labels.values())
    contradicting = sum(len(group) for group in labels.values() if len(np.unique(group)) > 1)
    return copies, contradicting
