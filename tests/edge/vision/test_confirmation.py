"""Who is there, and who only seems to be: frames with drawn faces, and a detector that can be fooled."""

import logging

import cv2
import numpy as np
import pytest

from edge.contract import CropGeometry
from edge.settings import DEFAULT_MODEL, TrackingSettings
from edge.vision.classifier import Classifier
from edge.vision.detection import Face, Ignoring, InRegion
from edge.vision.pipeline import MAX_FACES, Pipeline

FRAME_SECONDS = 1 / 15
LATEST_SECONDS = 0.3  # for a new face to be reported
SIDE_PX = 40
Place = tuple[int, int]


class Squares:
    """Finds squares with a bright and a dark half: every face, and what resembles one the right way round only."""

    name = "squares"
    geometry = CropGeometry(side=1.0, shift_x=0.0, shift_y=0.0)

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        self.calls += 1
        bright = (frame_gray >= 200).astype(np.uint8)
        _, _, boxes, _ = cv2.connectedComponentsWithStats(bright)
        found = [tuple(map(float, box[:4])) for box in boxes[1:]]
        faces = [Face(box, 0.9) for box in found if box[2] == SIDE_PX]
        pots = [Face((x, y, SIDE_PX, SIDE_PX), 0.7) for x, y, width, _ in found if width == SIDE_PX / 2]
        return faces + [pot for pot in pots if self._is_right_way_round(frame_gray, pot)]

    def _is_right_way_round(self, frame_gray: np.ndarray, pot: Face) -> bool:
        x, y, *_ = map(int, pot.box_xywh)
        return bool((frame_gray[y : y + SIDE_PX, x + SIDE_PX // 2 : x + SIDE_PX] == 170).all())


def scene(faces: list[Place] = [], pots: list[Place] = [], seed: int = 0) -> np.ndarray:  # noqa: B006, never changed
    """(240, 320) uint8: a dark room with a camera's noise, and squares in it."""
    rng = np.random.default_rng(seed)
    frame = rng.integers(60, 66, (240, 320), dtype=np.uint8)
    for x, y in faces:
        frame[y : y + SIDE_PX, x : x + SIDE_PX] = 200
        frame[y + 10 : y + 30, x + 10 : x + 30] = 240
        frame[y + 15 : y + 20, x + 15 : x + 20] = 215
    for x, y in pots:
        frame[y : y + SIDE_PX, x : x + SIDE_PX // 2] = 230
        frame[y : y + SIDE_PX, x + SIDE_PX // 2 : x + SIDE_PX] = 170
    return frame


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(DEFAULT_MODEL)


@pytest.fixture
def detector() -> Squares:
    return Squares()


@pytest.fixture(params=[0.5, 0.0], ids=["followed", "every frame searched"])
def pipeline(request: pytest.FixtureRequest, detector: Squares, classifier: Classifier) -> Pipeline:
    return Pipeline(detector, classifier, TrackingSettings(detect_seconds=request.param))


def tracks(pipeline: Pipeline, frame: np.ndarray, time_s: float | None) -> list[int]:
    return [face.track for face in pipeline.analyze(frame, time_s)]


def test_a_videos_first_frame_is_looked_at_twice_and_reported(pipeline: Pipeline, detector: Squares) -> None:
    assert tracks(pipeline, scene([(50, 50)], pots=[(200, 50)]), 0.0) == [1]
    assert detector.calls == 2


def test_a_photo_gets_one_look_and_stands_for_itself(pipeline: Pipeline, detector: Squares) -> None:
    photo = scene([(50, 50)], pots=[(200, 50)])
    assert [tracks(pipeline, photo, None) for _ in range(3)] == [[1, 2]] * 3
    assert detector.calls == 3


def test_a_new_face_is_reported_from_the_next_frame_on(pipeline: Pipeline) -> None:
    assert tracks(pipeline, scene(), 0.0) == []
    found = [tracks(pipeline, scene([(50, 50)], seed=number), number * FRAME_SECONDS) for number in range(3, 12)]
    assert found.index([1]) <= LATEST_SECONDS / FRAME_SECONDS
    assert found[-1] == [1]


def test_what_is_seen_in_one_frame_only_is_nobody(pipeline: Pipeline) -> None:
    tracks(pipeline, scene([(50, 50)]), 0.0)
    for number in range(1, 60):
        flash = [(200, 50)] if number % 4 == 0 else []
        assert tracks(pipeline, scene([(50, 50), *flash]), number * FRAME_SECONDS) == [1]
    for number in range(60, 75):
        found = tracks(pipeline, scene([(50, 50), (200, 150)]), number * FRAME_SECONDS)
    assert found == [1, 2]  # and it took no number


def test_what_looks_like_a_face_one_way_round_only_is_nobody_however_long_it_stands(pipeline: Pipeline) -> None:
    for number in range(90):
        frame = scene([(50 + number, 50)], pots=[(250, 150)], seed=number)
        assert tracks(pipeline, frame, number * FRAME_SECONDS) == [1]


@pytest.mark.parametrize("frame_seconds", [0.5, 1.0, 5.0])
def test_a_slow_source_shows_each_face_in_its_first_frame(pipeline: Pipeline, frame_seconds: float) -> None:
    people: list[list[Place]] = [[(50, 50)], [(50, 50), (200, 50)], [(200, 50)], [(100, 150)]]
    shown = [scene(places, pots=[(250, 150)]) for places in people]
    found = [tracks(pipeline, frame, number * frame_seconds) for number, frame in enumerate(shown)]
    assert found == [[1], [1, 2], [2], [3]]


def test_a_clock_that_stands_still_gets_every_frame_searched(pipeline: Pipeline) -> None:
    found = [tracks(pipeline, scene([(50 + 100 * number, 50)]), 7.0) for number in range(3)]
    assert found == [[1], [2], [3]]


@pytest.mark.parametrize("after_frames", range(30, 45))
def test_who_joins_is_reported_at_once_whenever_they_come(after_frames: int, pipeline: Pipeline) -> None:
    """Beside somebody who is there, and moves."""
    for number in range(after_frames):
        tracks(pipeline, scene([(150 + number % 4, 50)], seed=number), number * FRAME_SECONDS)
    for number in range(after_frames, after_frames + 6):
        found = tracks(pipeline, scene([(150 + number % 4, 50), (20, 20)], seed=number), number * FRAME_SECONDS)
        if len(found) == 2:
            break
    assert (number - after_frames) * FRAME_SECONDS <= LATEST_SECONDS


@pytest.mark.parametrize("frames_per_second", [10, 15, 30])
def test_who_enters_an_empty_room_where_something_moves_is_reported_in_time(
    frames_per_second: int, pipeline: Pipeline
) -> None:
    for empty_frames in range(30, 45):
        pipeline.restart()
        for number in range(empty_frames + 10):
            here = [(150, 50)] if number >= empty_frames else []
            frame = scene(here, seed=number)
            frame[:, :40] = 60 + 40 * (number % 3)
            if tracks(pipeline, frame, number / frames_per_second):
                break
        assert 0 <= number - empty_frames <= LATEST_SECONDS * frames_per_second


def test_a_scene_that_moves_all_the_time_is_searched_little_more_than_a_still_one(
    detector: Squares, classifier: Classifier
) -> None:
    pipeline = Pipeline(detector, classifier, TrackingSettings(detect_seconds=0.5))
    for number in range(150):
        frame = scene([(150, 50)], seed=number)
        frame[:, :40] = 60 + 40 * (number % 3)
        assert tracks(pipeline, frame, number * FRAME_SECONDS) == [1]
    assert detector.calls <= 1 + 20 + 2 + 1  # the second at the first frame, two a second, one in five seconds


def test_people_who_cross_keep_their_numbers(pipeline: Pipeline) -> None:
    first: dict[int, int] = {}
    for number in range(60):
        row_of = {10 + 4 * number: 50, 250 - 4 * number: 100}  # one passes before the other, a little lower
        frame = scene([(x, y) for x, y in row_of.items() if 0 <= x <= 280], seed=number)
        for face in pipeline.analyze(frame, number * FRAME_SECONDS):
            row = round(face.box_xywh[1] / 50) * 50
            assert first.setdefault(row, face.track) == face.track
    assert sorted(first.values()) == [1, 2]


def test_of_too_many_faces_the_largest_count_and_that_is_told_once(
    classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    class Crowd(Squares):
        def detect(self, frame_gray: np.ndarray) -> list[Face]:
            sides = range(140, 140 - 100, -1)
            return [Face((10.0 * number, 5.0, side, side), 0.9) for number, side in enumerate(sides)]

    pipeline = Pipeline(Crowd(), classifier, TrackingSettings())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            faces = pipeline.analyze(scene())
            assert [face.box_xywh[2] for face in faces] == list(range(140, 140 - MAX_FACES, -1))
    [told] = caplog.messages
    assert "100 faces in a frame" in told
    assert "detector.threshold" in told


def test_the_second_look_keeps_to_the_regions(detector: Squares, classifier: Classifier) -> None:
    """The mirrored picture's left half is not the picture's."""
    looking = Ignoring(InRegion(detector, (0.0, 0.0, 0.6, 1.0)), [(0.0, 0.5, 0.3, 0.5)])
    pipeline = Pipeline(looking, classifier, TrackingSettings(detect_seconds=0.0))
    frame = scene([(30, 50), (250, 50), (30, 150)])
    for number in range(4):
        [face] = pipeline.analyze(frame, number * FRAME_SECONDS)
        assert face.box_xywh == (30, 50, SIDE_PX, SIDE_PX)
