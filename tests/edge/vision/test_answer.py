"""How often a face is classified: less where it looks the same and its emotion is settled, and never too late."""

import numpy as np
import pytest

from edge.settings import DEFAULT_MODEL, TrackingSettings
from edge.vision.answer import LastAnswer, Look
from edge.vision.classifier import Classifier
from edge.vision.detection import Haar
from edge.vision.pipeline import Pipeline


@pytest.fixture
def face() -> Look:
    return np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)


def asked(looks: list[Look | None], seconds: float, is_settled: bool = True) -> list[int]:
    """The frames, `seconds` apart, in which the network is asked about a face of these looks."""
    answer = LastAnswer(is_averaged=True)
    frames = []
    for number, look in enumerate(looks):
        if not answer.holds(number * seconds, lambda shown=look: shown, is_settled):
            answer.renew(number * seconds, look)
            frames.append(number)
    return frames


@pytest.mark.parametrize(
    ("frames_per_second", "frames"),
    [(5, [0, 1, 2, 3]), (10, [0, 2, 4, 6]), (15, [0, 3, 6, 9]), (30, [0, 6, 12, 18]), (29.97, [0, 6, 12, 18])],
)
def test_a_settled_face_that_looks_the_same_is_asked_of_five_times_a_second(
    frames_per_second: float, frames: list[int], face: Look
) -> None:
    assert asked([face] * 20, 1 / frames_per_second)[:4] == frames


@pytest.mark.parametrize(("frames_per_second", "frames"), [(5, 1), (10, 1), (15, 2), (30, 3)])
def test_one_that_changes_is_asked_of_ten_times_a_second_at_most(frames_per_second: float, frames: int) -> None:
    rng = np.random.default_rng(1)
    lively: list[Look | None] = [rng.integers(0, 256, (8, 8), dtype=np.uint8) for _ in range(20)]
    assert asked(lively, 1 / frames_per_second) == list(range(0, 20, frames))


@pytest.mark.parametrize(("frames_per_second", "frames"), [(10, 1), (15, 1), (30, 2)])
def test_an_emotion_about_to_change_is_asked_of_at_once(frames_per_second: float, frames: int, face: Look) -> None:
    assert asked([face] * 12, 1 / frames_per_second, is_settled=False) == list(range(0, 12, frames))


def test_noise_is_no_change_and_a_mouth_that_opens_is_one(face: Look) -> None:
    noise = np.random.default_rng(1).normal(0, 2, face.shape)
    noisy = np.clip(face + noise, 0, 255).astype(np.uint8)
    open_mouth = face.copy()
    open_mouth[5:7, 3:5] //= 2
    assert asked([face, face, noisy], 0.06) == [0]
    assert asked([face, face, open_mouth], 0.06) == [0, 2]


def test_small_changes_add_up_to_one(face: Look) -> None:
    dark = face // 2
    looks: list[Look | None] = [dark + np.uint8(3 * step) for step in range(10)]
    assert asked(looks, 0.021) == [0, 5]


def test_a_face_whose_look_is_not_known_is_asked_of(face: Look) -> None:
    assert asked([None, None, face, face, face], 0.06) == [0, 2]


@pytest.mark.parametrize("times", [(5.0, 0.0), (0.0, 0.3), (0.0, 5.0)])
def test_a_clock_that_jumps_asks_again(times: tuple[float, float], face: Look) -> None:
    answer = LastAnswer(is_averaged=True)
    answer.renew(times[0], face)
    assert not answer.holds(times[1], lambda: face, is_settled=True)


class CountingClassifier(Classifier):
    calls = 0

    def classify(self, crop: np.ndarray) -> np.ndarray:
        self.calls += 1
        return super().classify(crop)


@pytest.mark.parametrize(("smoothing_seconds", "calls"), [(0.5, 6), (0.0, 15)])
def test_a_still_face_costs_a_third_and_every_frame_counts_where_nothing_is_averaged(
    smoothing_seconds: float, calls: int, demo_frames: list[np.ndarray]
) -> None:
    classifier = CountingClassifier.load(DEFAULT_MODEL)
    pipeline = Pipeline(Haar(), classifier, TrackingSettings(smoothing_seconds=smoothing_seconds))
    for number in range(15):
        [face] = pipeline.analyze(demo_frames[0], number / 15)
        assert face.emotion == "happy"
    assert classifier.calls == calls
