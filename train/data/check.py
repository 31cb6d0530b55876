"""Say what a data set really holds: counts, blank images, duplicates, contradicting labels,
FER+ votes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from edge.contract import LABELS
from train.config import SPLITS
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import duplicates
from train.data.near_duplicates import near_pairs

NEARLY_BLANK = 5.0  # gray levels, standard deviation: below it no face of FER2013 can be made out
VOTED = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "no face",
)
"""the columns of FER+'s votes in this project's words"""

Votes = Mapping[str, np.ndarray]
"""(N, 10) counts or shares in the order of `VOTED` for each split that has them; a face without
votes has zeros
"""


def report(data: Fer2013, votes: Votes | None = None) -> Iterator[str]:
    """Yield the report's lines for `data` as read, before anything is dropped."""
    yield from _counts(data)
    yield ""
    for split in SPLITS:
        yield f"{split}: {_oddities(getattr(data, split))}"
    yield ""
    for split, other in combinations(SPLITS, 2):
        left_out = " (left out by `fit`)" if split == "train" else ""
        yield f"{split} and {other}: {_shared(getattr(data, split), getattr(data, other))}{left_out}"
    for split in SPLITS[1:]:
        yield f"{split} and train: {_nearly_shared(getattr(data, split), data.train)}"
    for split, split_votes in (votes or {}).items():
        yield ""
        yield from _agreement(split, getattr(data, split).labels, split_votes)


def _counts(data: Fer2013) -> Iterator[str]:
    yield f"{'':12}" + "".join(f"{label:>10}" for label in LABELS) + f"{'all':>10}"
    for split in SPLITS:
        counts = getattr(data, split).counts()
        numbers = [*counts.values(), sum(counts.values())]
        yield f"{split:12}" + "".join(f"{number:10,}" for number in numbers)


def spread(faces: Faces) -> np.ndarray:
    """Standard deviation of each image, (N,) float, in gray levels."""
    return faces.images.std(axis=(1, 2))


def labels_by_image(faces: Faces) -> dict[bytes, Counter[int]]:
    """How often each different image carries which label."""
    labels: dict[bytes, Counter[int]] = defaultdict(Counter)
    for image, label in zip(faces.images, faces.labels, strict=True):
        labels[image.tobytes()][int(label)] += 1
    return labels


def _oddities(faces: Faces) -> str:
    levels = spread(faces)
    labels = labels_by_image(faces)
    blank = int((levels == 0).sum())
    nearly = int(((levels > 0) & (levels < NEARLY_BLANK)).sum())
    copies = len(faces) - len(labels)
    contradicting = sum(count.total() for count in labels.values() if len(count) > 1)
    return (
        f"{blank} blank, {nearly} nearly blank, {copies} exact copies of another face, "
        f"{contradicting} faces with a duplicate of another label"
    )


def _shared(faces: Faces, others: Faces) -> str:
    both = faces.take(np.flatnonzero(duplicates(faces, others)))
    labels = labels_by_image(others)
    other_label = 0
    for image, label in zip(both.images, both.labels, strict=True):
        other_label += int(label not in labels[image.tobytes()])
    return f"{len(both)} faces of the first stand in the second too, {other_label} of them with another label"


def _nearly_shared(faces: Faces, others: Faces) -> str:
    """Beside the exact duplicates, which `fit` leaves out of training."""
    others = others.take(np.flatnonzero(~duplicates(others, faces)))
    rows, found, _ = near_pairs(faces.images, others.images)
    other_label = int((faces.labels[rows] != others.labels[found]).sum())
    return (
        f"{len(rows)} faces of the first are of a photo in the second, cut or compressed anew, "
        f"{other_label} of them with another label"
    )


def _agreement(split: str, labels: np.ndarray, votes: np.ndarray) -> Iterator[str]:
    """A table: how often FER+'s voters chose each emotion's label, and what they chose instead."""
    yield f"{'FER+, ' + split:18}{'faces':>8}{'most votes':>12}{'all votes':>11}   else mostly"
    for index, label in enumerate(LABELS):
        voted = votes[(labels == index) & (votes.sum(axis=1) > 0)]
        if not len(voted):
            continue
        column = VOTED.index(label)
        most = np.mean(voted.argmax(axis=1) == column)
        shares = voted.sum(axis=0) / voted.sum()
        others = [other for other in np.argsort(-shares) if other != column][:2]
        instead = ", ".join(f"{VOTED[other]} {shares[other]:.0%}" for other in others)
        yield f"{label:18}{len(voted):8,}{most:12.0%}{shares[column]:11.0%}   {instead}"
    without = int((votes.sum(axis=1) == 0).sum())
    no_face = int((votes.argmax(axis=1) == VOTED.index("no face")).sum())
    yield f"{without} faces without votes, {no_face} that most voters call no face"
