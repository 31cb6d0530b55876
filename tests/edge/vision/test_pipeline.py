"""Detection only where it is needed, with the real model and a detector that counts its calls."""

import numpy as np
import pytest

from edge.contract import CropGeometry
from edge.settings import DEFAULT_MODEL, TrackingSettings
from edge.vision.classifier import Classifier
from edge.vision.detection import Face, Haar
from edge.vision.pipeline import Pipeline

NEAR_SECONDS = 0.1


class CountingHaar:
    """Haar that counts, and sees nothing while `blind`."""

    name = "counting"

    def __init__(self) -> None:
        self._haar = Haar()
        self.geometry: CropGeometry = self._haar.geometry
        self.calls = 0
        self.blind = False

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        self.calls += 1
        return [] if self.blind else self._haar.detect(frame_gray)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(DEFAULT_MODEL)


@pytest.fixture
def detector() -> CountingHaar:
    return CountingHaar()


@pytest.fixture
def pipeline(detector: CountingHaar, classifier: Classifier) -> Pipeline:
    return Pipeline(detector, classifier, TrackingSettings())


def noisy(frame: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 4, frame.shape)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)


def test_a_face_is_followed_between_detections(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    for tenth in range(21):
        frame = np.roll(demo_frames[0], 8 * tenth, axis=1)
        [face] = pipeline.analyze(frame, tenth / 10)
        assert face.track == 1
        assert face.emotion == "happy"
        assert face.box_xywh[0] == pytest.approx(194 + 8 * tenth, abs=8)
    assert detector.calls <= 7  # one each half second, and a second look at the first frame


def test_an_empty_still_room_is_hardly_searched(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    room = np.full((480, 640), 90, np.uint8)
    for tenth in range(100):
        assert pipeline.analyze(noisy(room, tenth), tenth / 10) == []
    assert detector.calls == 5  # each two seconds
    assert pipeline.analyze(demo_frames[0], 10.0) == []  # motion: somebody may be there
    [face] = pipeline.analyze(demo_frames[0], 10.1)
    assert (face.track, detector.calls) == (1, 7)


def test_a_lost_face_is_looked_for_at_once(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    pipeline.analyze(demo_frames[0], 0.0)
    assert detector.calls == 2
    elsewhere = np.roll(demo_frames[0], 250, axis=1)
    assert pipeline.analyze(elsewhere, NEAR_SECONDS) == []
    [face] = pipeline.analyze(elsewhere, 2 * NEAR_SECONDS)
    assert detector.calls == 4
    assert face.track == 2  # so far away in so short a time, it is somebody else


def test_a_face_that_left_is_not_reported(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    pipeline.analyze(demo_frames[0], 0.0)
    empty = np.full_like(demo_frames[0], 90)
    assert [pipeline.analyze(empty, 0.1 * tenth) for tenth in range(1, 10)] == [[]] * 9
    assert detector.calls == 5  # twice at first, twice when it was lost, and half a second later


def test_a_detector_that_overlooks_a_face_once_does_not_lose_it(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    found = []
    for tenth in range(20):
        detector.blind = tenth == 5
        found.append([face.track for face in pipeline.analyze(demo_frames[0], tenth / 10)])
    assert found == [[1]] * 20


def test_what_the_detector_misses_twice_is_gone_and_keeps_its_number_if_it_comes_back_soon(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    found = []
    for tenth in range(20):
        detector.blind = 5 <= tenth < 10
        found.append([face.track for face in pipeline.analyze(demo_frames[0], tenth / 10)])
    assert found[:6] == [[1]] * 6  # followed through the first miss
    assert found[6:10] == [[]] * 4
    assert found[11:] == [[1]] * 9


def test_frames_without_times_are_all_searched(
    pipeline: Pipeline, detector: CountingHaar, demo_frames: list[np.ndarray]
) -> None:
    for frame in (demo_frames[0], demo_frames[4], demo_frames[0]):
        pipeline.analyze(frame)
    assert detector.calls == 3


def test_frames_of_any_size_and_content_give_no_crash(pipeline: Pipeline, demo_frames: list[np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    frames = [
        demo_frames[0],
        demo_frames[0][::2, ::2].copy(),
        np.zeros((1, 1), np.uint8),
        rng.integers(0, 256, (700, 300), dtype=np.uint8),
        np.full((480, 640), 255, np.uint8),
        demo_frames[4],
    ]
    for number, frame in enumerate(frames):
        faces = pipeline.analyze(frame, float(number))
        assert all(face.probabilities.sum() == pytest.approx(1, abs=1e-4) for face in faces)
    assert len(faces) == 2
