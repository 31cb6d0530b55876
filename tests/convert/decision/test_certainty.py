"""When a prediction counts as certain: one promise for all emotions."""

import numpy as np

from convert.decision.certainty import LEAST_SCORE, choose_certainty, choose_threshold
from edge.contract import LABELS


def test_certain_is_the_lowest_score_that_keeps_the_promise() -> None:
    scores = np.array([0.95, 0.9, 0.72, 0.6, 0.5, 0.4])
    right = np.array([1, 1, 1, 0, 1, 0])
    probabilities = np.zeros((6, 7))
    probabilities[:, 3] = scores
    probabilities[:, 0] = 0.1
    labels = np.where(right, 3, 1)
    chosen = choose_threshold(probabilities, labels, target=0.8)
    assert (chosen.threshold, chosen.coverage, chosen.accuracy) == (0.41, round(5 / 6, 4), 0.8)
    assert choose_threshold(probabilities, labels, target=0.9).threshold == 0.61
    assert choose_threshold(probabilities, np.full(6, 2), target=0.8).coverage == 0


def predictions(index: int, scores: list[float]) -> np.ndarray:
    """The emotion `index` with these scores, the rest shared by the others."""
    probabilities = np.repeat((1 - np.array(scores))[:, np.newaxis] / 6, 7, axis=1)
    probabilities[:, index] = scores
    return probabilities


def test_each_emotion_has_the_threshold_from_which_it_is_right_four_times_in_five() -> None:
    happy = predictions(3, [0.4] * 10 + [0.7] * 90)
    sad = predictions(4, [0.6] * 50 + [0.9] * 50)
    disgust = predictions(1, [0.6] * 5)
    labels = np.array([3] * 100 + [6] * 50 + [4] * 50 + [1] * 5)
    found = choose_certainty(np.concatenate([happy, sad, disgust]), labels)
    assert found.thresholds["happy"] == LEAST_SCORE  # always right, but a lower score says itself that it is not
    assert found.thresholds["sad"] == 0.61
    assert found.thresholds["disgust"] == found.threshold  # five faces tell nothing
    assert set(found.thresholds) == set(LABELS)
    assert found.coverage == round(145 / 205, 4) if found.threshold <= 0.6 else round(140 / 205, 4)
    assert found.accuracy == 1.0
    assert found.is_certain("happy", 0.55) and not found.is_certain("sad", 0.6)


def test_an_emotion_that_is_never_right_is_never_certain() -> None:
    probabilities = np.concatenate([predictions(2, [0.95] * 40), predictions(3, [0.95] * 60)])
    found = choose_certainty(probabilities, np.array([4] * 40 + [3] * 60))
    assert found.thresholds["fear"] == 1.0
    assert (found.coverage, found.accuracy) == (0.6, 1.0)
    assert found.equal_shares == {"coverage": 0.5, "accuracy": 1.0}
