"""How often a face is classified: not again while it looks the same, and never later than a tenth of a second."""

import numpy as np
import pytest

from edge.contract import LABELS
from edge.settings import DEFAULT_MODEL, TrackingSettings
from edge.vision.answer import HOLD_SECONDS, LastAnswer
from edge.vision.classifier import Classifier
from edge.vision.detection import Haar
from edge.vision.pipeline import Pipeline


class Counting:
    """A classifier that says how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, crop: np.ndarray) -> np.ndarray:
        self.calls += 1
        return np.full(7, self.calls, np.float32)


@pytest.fixture
def face() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def test_a_face_that_looks_the_same_is_asked_of_each_tenth_of_a_second(face: np.ndarray) -> None:
    classify, answer = Counting(), LastAnswer(HOLD_SECONDS)
    asked = []
    for frame in range(7):
        answer.of(face, frame / 15, classify)
        asked.append(classify.calls)
    assert asked == [1, 1, 2, 2, 3, 3, 4]


def test_noise_is_no_change_and_a_mouth_that_opens_is_one_at_once(face: np.ndarray) -> None:
    classify, answer = Counting(), LastAnswer(HOLD_SECONDS)
    first = answer.of(face, 0.0, classify)
    noise = np.random.default_rng(1).normal(0, 6, face.shape)
    assert answer.of(np.clip(face + noise, 0, 255).astype(np.uint8), 0.03, classify) is first
    open_mouth = face.copy()
    open_mouth[34:42, 18:30] = 20
    assert answer.of(open_mouth, 0.06, classify)[0] == 2


def test_small_changes_add_up_to_one(face: np.ndarray) -> None:
    classify, answer = Counting(), LastAnswer(10.0)
    dark = (face // 2).astype(np.uint8)
    for step in range(10):
        answer.of(dark + np.uint8(3 * step), step / 100, classify)
    assert classify.calls == 2


@pytest.mark.parametrize("times", [(5.0, 0.0), (0.0, 0.2)])
def test_a_clock_that_jumps_asks_again(times: tuple[float, float], face: np.ndarray) -> None:
    classify, answer = Counting(), LastAnswer(HOLD_SECONDS)
    for time_s in times:
        answer.of(face, time_s, classify)
    assert classify.calls == 2


class CountingClassifier(Classifier):
    calls = 0

    def classify(self, crop: np.ndarray) -> np.ndarray:
        self.calls += 1
        return super().classify(crop)


@pytest.mark.parametrize(("smoothing_seconds", "calls"), [(0.5, 5), (0.0, 10)])
def test_a_still_face_costs_half_and_every_frame_counts_where_nothing_is_averaged(
    smoothing_seconds: float, calls: int, demo_frames: list[np.ndarray]
) -> None:
    classifier = CountingClassifier.load(DEFAULT_MODEL)
    pipeline = Pipeline(Haar(), classifier, TrackingSettings(smoothing_seconds=smoothing_seconds))
    for number in range(10):
        [face] = pipeline.analyze(demo_frames[0], number / 15)
        assert face.emotion == "happy" and face.emotion in LABELS
    assert classifier.calls == calls
