"""From which score on a prediction counts as certain: where four in five are right, on validation."""

from collections.abc import Sequence

import numpy as np

from edge.contract import LABELS
from edge.vision.manifest import Certainty
from train.report.metrics import equal_weights

CERTAIN_ACCURACY = 0.8  # a prediction called certain should be right four times in five
LEAST_SCORE = 0.5  # below it another emotion is likelier than the one named
LEAST_FACES = 20  # from fewer, chance says what is right
NEVER_CERTAIN = Certainty(1.0, 0.0, 0.0)


def choose_certainty(
    probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str] = LABELS
) -> Certainty:
    """A threshold for each of the classes `names`, and what they give together.

    One for all would be unfair: from a score of 0.53 on happy is right nine times in ten and neutral seven. An emotion
    that is seldom predicted has the threshold for all.
    """
    overall = choose_threshold(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    thresholds = {}
    for index, label in enumerate(names):
        named = predicted == index
        own = choose_threshold(
            probabilities[named], labels[named], least=LEAST_SCORE, faces=LEAST_FACES
        )
        thresholds[label] = own.threshold if named.sum() >= LEAST_FACES else overall.threshold
    certain = probabilities.max(axis=1) >= np.array(list(thresholds.values()))[predicted]
    right = predicted == labels
    weights = equal_weights(labels)
    return Certainty(
        overall.threshold,
        coverage=_share(certain),
        accuracy=_share(right[certain]),
        thresholds=thresholds,
        equal_shares={
            "coverage": _share(certain, weights),
            "accuracy": _share(right[certain], weights[certain]),
        },
    )


def choose_threshold(
    probabilities: np.ndarray,
    labels: np.ndarray,
    target: float = CERTAIN_ACCURACY,
    least: float = 0.0,
    faces: int = 1,
) -> Certainty:
    """The lowest score, in hundredths and from `least` on, from which on predictions are right
    `target` of the time, of `faces` or more; 1 if none is.
    """
    score = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    for threshold in np.arange(round(least * 100), 100) / 100:
        covered = score >= threshold
        if covered.sum() >= faces and correct[covered].mean() >= target:
            return Certainty(float(threshold), _share(covered), _share(correct[covered]))
    return NEVER_CERTAIN


def _share(of: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The part of `of` that is true, 0 where there is nothing."""
    return round(float(np.average(of, weights=weights)), 4) if len(of) else 0.0
