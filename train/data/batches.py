"""Make the batches of an epoch: shuffled, freshly augmented faces with their targets."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from train.config import RECIPES, FitConfig
from train.data.augmentation import augment
from train.data.faces import Faces
from train.data.soft_targets import load_soft_targets, one_hot
from train.data.votes import shares
from train.run.prefetch import prefetched


@dataclass(frozen=True)
class TrainingSet:
    """What the network learns from, row by row: `images` and, by the output's name, targets and
    their weights.
    """

    images: np.ndarray  # (N, 48, 48) uint8
    targets: dict[str, np.ndarray]  # emotion (N, K), votes (N, 10) or (N, K)
    weights: dict[str, np.ndarray]  # (N,) each


def training_set(faces: Faces, config: FitConfig) -> TrainingSet:
    """Lay targets and weights beside `faces` as `config` asks."""
    emotion = one_hot(faces.labels, len(faces.names))
    weight = np.ones(len(faces), np.float32)
    if config.soft_targets:
        soft, votes = load_soft_targets(RECIPES / config.soft_targets, faces, config.classes)
        faces = replace(faces, votes=votes)
        emotion = config.soft_share * soft + (1 - config.soft_share) * emotion
    if config.class_weights:
        counts = np.bincount(faces.labels, minlength=len(faces.names))
        weight = (len(faces) / len(faces.names) / np.maximum(counts, 1))[faces.labels].astype(
            np.float32
        )
    targets = {"emotion": emotion.astype(np.float32)}
    weights = {"emotion": weight}
    if faces.votes is not None:
        has_votes = faces.votes.sum(axis=1) > 0
        targets["votes"] = shares(faces)
        weights["votes"] = has_votes.astype(np.float32)
    return TrainingSet(faces.images, targets, weights)


Batch = tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]


def batches(
    faces: TrainingSet, config: FitConfig, epoch: int, share: slice = slice(None)
) -> Iterator[Batch]:
    """Yield one epoch of (images, targets, weights), of each batch the rows `share`.

    Seed, epoch and batch number alone decide what they hold: a resumed run sees what an
    unbroken one sees.
    """
    order = np.random.default_rng([config.seed, epoch]).permutation(len(faces.images))
    rows = np.array_split(order, batch_count(len(order), config))

    def prepare(index: int) -> Batch:
        chosen = rows[index][share]
        if config.augmentation == "on":
            rng = np.random.default_rng([config.seed, epoch, index])
            images = augment(faces.images[rows[index]], rng, share)
        else:
            images = faces.images[chosen]
        return as_input(images), _taken(faces.targets, chosen), _taken(faces.weights, chosen)

    yield from prefetched(prepare, len(rows))


def _taken(columns: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: column[rows] for name, column in columns.items()}


def batch_count(faces: int, config: FitConfig) -> int:
    return max(1, round(faces / config.batch_size))


def as_input(images: np.ndarray) -> np.ndarray:
    """(N, 48, 48) uint8 to the network's (N, 48, 48, 1) float32, still 0 to 255."""
    return images[..., np.newaxis].astype(np.float32)
