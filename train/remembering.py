"""A network that learns faces of one's own must not forget all others: some are mixed in, and it is told what it lost.

Mixing in what was learned before is rehearsal: Robins 1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal".
"""

from dataclasses import replace
from typing import Any

import numpy as np

from train.data.batches import as_input
from train.data.faces import Faces, Fer2013
from train.errors import DataError
from train.report.metrics import evaluate

REHEARSED = 4  # faces of before for each new one
MAX_FALL = 0.01  # of validation accuracy; more is warned of


def with_rehearsal(data: Fer2013, before: Fer2013, seed: int) -> Fer2013:
    """`data` with some training faces of `before` among its own, as many of each class as there are.

    Raises DataError where one of both has FER+ votes alone.
    """
    if data.train.votes is not None:
        raise DataError(
            "--votes with --remember", "leave one of them out: the faces mixed in have no votes"
        )
    pool = before.split("train")
    count = min(REHEARSED * len(data.train), len(pool))
    rows = np.random.default_rng(seed).permutation(len(pool))[:count]
    return replace(data, train=_together(data.train, pool.take(rows)))


def _together(one: Faces, other: Faces) -> Faces:
    images = np.concatenate([one.images, other.images])
    return Faces(images, np.concatenate([one.labels, other.labels]), names=one.names)


def figures(network: Any, faces: Faces) -> dict[str, float]:
    """Accuracy and balanced accuracy of a Keras `network`."""
    probabilities = network.predict(as_input(faces.images), batch_size=256, verbose=0)
    found = evaluate(probabilities, faces.labels, faces.names)
    return {name: found[name] for name in ("n", "accuracy", "balanced_accuracy")}


def words(what: str, before: dict[str, float], after: dict[str, float]) -> str:
    """One line, with a warning where much was lost."""
    line = (
        f"{what}, before and after: {before['accuracy']:.2%} -> {after['accuracy']:.2%} of {after['n']} faces, "
        f"balanced {before['balanced_accuracy']:.2%} -> {after['balanced_accuracy']:.2%}"
    )
    fall = before["accuracy"] - after["accuracy"]
    if fall <= MAX_FALL:
        return line
    lost = f"{fall:.1%} of accuracy are lost, more than {MAX_FALL:.0%}"
    return f"{line}\nWARNING: {lost}; take fewer --epochs, or --remember fer2013.csv"
