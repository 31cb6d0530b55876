import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract import LABELS
from edge.settings import TrackingSettings
from edge.vision.smoothing import SteadyEmotion

HAPPY = LABELS.index("happy")
NEUTRAL = LABELS.index("neutral")


def between(happy: float) -> np.ndarray:
    """Probabilities of a face that is happy or else neutral."""
    return np.array([0, 0, 0, happy, 0, 0, 1 - happy], np.float32)


def steady(**settings: float) -> SteadyEmotion:
    return SteadyEmotion(TrackingSettings(**({"smoothing_seconds": 0.0} | settings)))


def test_smoothing_is_a_first_order_filter_in_seconds() -> None:
    emotion = steady(smoothing_seconds=0.5)
    emotion.update(between(1.0), 0.0)
    emotion.update(between(0.0), 0.25)
    assert emotion.probabilities[HAPPY] == pytest.approx(math.exp(-0.5), rel=1e-5)
    assert emotion.probabilities.sum() == pytest.approx(1)


def test_frames_that_were_not_classified_count_as_if_it_had_changed_evenly_over_them() -> None:
    """Three frames on, the average stands where it would if each had been asked of, whose answers lay on a line."""
    each, third = (steady(smoothing_seconds=0.5, label_margin=0.9) for _ in range(2))
    for emotion in (each, third):
        emotion.update(between(1.0), 0.0)
    for frame in range(1, 4):
        each.update(between(1.0 - 0.3 * frame), frame / 15)
    third.update(between(0.1), 3 / 15, frames=3)
    assert third.probabilities[HAPPY] == pytest.approx(each.probabilities[HAPPY], abs=0.02)
    assert third.probabilities.sum() == pytest.approx(1)


def test_an_emotion_is_settled_while_the_newest_agrees_and_nothing_is_near() -> None:
    emotion = steady(smoothing_seconds=0.5, label_margin=0.2)
    settled = []
    for tenth, happy in enumerate([0.9, 0.9, 0.3, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]):
        emotion.update(between(happy), tenth / 10)
        settled.append(emotion.is_settled)
    assert settled == [True, True, False, True] + [False] * 4 + [True] * 4
    assert emotion.label == NEUTRAL


def test_no_smoothing_takes_the_newest() -> None:
    emotion = steady()
    emotion.update(between(1.0), 0.0)
    emotion.update(between(0.25), 0.1)
    assert emotion.probabilities[HAPPY] == 0.25


def test_a_label_stays_while_another_leads_by_less_than_the_margin() -> None:
    emotion = steady(label_margin=0.2, label_seconds=10.0)
    shown = []
    for tenth, happy in enumerate([0.6, 0.45, 0.55, 0.41, 0.39, 0.45, 0.55, 0.61]):
        emotion.update(between(happy), tenth / 10)
        shown.append(emotion.label)
    assert shown == [HAPPY] * 4 + [NEUTRAL] * 3 + [HAPPY]


def test_a_label_that_is_behind_for_long_goes_however_small_the_lead() -> None:
    emotion = steady(label_margin=0.5, label_seconds=1.0)
    emotion.update(between(0.6), 0.0)
    for tenth in range(1, 10):
        emotion.update(between(0.45), tenth / 10)
        assert emotion.label == HAPPY
    emotion.update(between(0.45), 1.0)
    assert emotion.label == NEUTRAL


def test_a_lead_that_is_lost_starts_anew() -> None:
    emotion = steady(label_margin=0.5, label_seconds=1.0)
    for tenth, happy in enumerate([0.6, *[0.45] * 9, 0.6, *[0.45] * 9]):
        emotion.update(between(happy), tenth / 10)
    assert emotion.label == HAPPY


SCORES = st.lists(st.floats(0.001, 1.0), min_size=7, max_size=7)


@given(st.lists(st.tuples(SCORES, st.floats(0.0, 5.0)), min_size=1, max_size=20), st.floats(0.0, 2.0))
def test_whatever_comes_the_average_is_a_distribution_and_the_label_not_far_behind(
    faces: list[tuple[list[float], float]], smoothing_seconds: float
) -> None:
    settings = TrackingSettings(smoothing_seconds=smoothing_seconds)
    emotion = SteadyEmotion(settings)
    time_s = 0.0
    for scores, elapsed_s in faces:
        time_s += elapsed_s
        emotion.update(np.array(scores, np.float32) / np.float32(sum(scores)), time_s)
        assert emotion.probabilities.sum() == pytest.approx(1, abs=1e-4)
        assert emotion.probabilities.min() >= -1e-6
        assert emotion.probabilities.max() - emotion.probabilities[emotion.label] < settings.label_margin
