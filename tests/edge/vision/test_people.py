"""Real videos of one person each, and the demo with its two: nobody who is not there, and everybody who is."""

from pathlib import Path

import pytest

from edge.cameras import DEMO
from edge.settings import DEFAULT_MODEL, DetectorSettings, TrackingSettings
from edge.vision.classifier import Classifier
from edge.vision.detection import FaceDetector, open_detector
from edge.vision.pipeline import Pipeline
from tests.benchmarks.people import frames_late, people, read, watch
from tests.program import TEST_DATA

CLIPS = sorted((TEST_DATA / "data" / "clips").glob("*.mp4"))


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return open_detector(DetectorSettings())


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(DEFAULT_MODEL)


@pytest.fixture(params=[0.5, 0.0], ids=["followed", "every frame searched"])
def pipeline(request: pytest.FixtureRequest, detector: FaceDetector, classifier: Classifier) -> Pipeline:
    return Pipeline(detector, classifier, TrackingSettings(detect_seconds=request.param))


def test_the_demos_two_people_are_two(pipeline: Pipeline) -> None:
    """One person for four seconds, then the other, then both; who appears at a cut is reported a frame later."""
    frames, with_face, two, twice, tracks = people(watch(pipeline, read(DEMO)))
    assert (frames, twice) == (180, 0)
    assert with_face >= 178
    assert two >= 58
    assert tracks <= 4  # at a cut a person is somewhere else, and so somebody else


def test_who_appears_in_an_empty_room_is_reported_within_0_3_seconds(pipeline: Pipeline) -> None:
    pictures = [frame.gray for frame in read(DEMO)[:8]]
    for empty_frames in (30, 32, 35, 37):
        assert frames_late(pipeline, empty_frames, pictures) <= 4  # of 15 a second


@pytest.mark.skipif(not CLIPS, reason="no ../shared/data/clips here")
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_one_person_is_one(clip: Path, pipeline: Pipeline) -> None:
    frames, with_face, two, _, tracks = people(watch(pipeline, read(clip)))
    assert with_face == frames
    assert two <= 1
    assert tracks == 1
