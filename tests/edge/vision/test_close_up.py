"""Doubtful faces seen from nearby: where the close-up lies, and what it does to a score."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edge.settings import DEFAULT_GRAYNET
from edge.vision.detection import Face, GrayNet
from edge.vision.detection.close_up import SIDE_PX, close_up, is_possible
from edge.vision.detection.distinct import lies_on_another
from edge.vision.detection.graynet import DOUBTFUL, MOST_CLOSE_LOOKS, SURE


class Watched(GrayNet):
    """Notes each close look; each is told `told`, where that is not None."""

    told: float | None = None
    looks: list[Face]

    def _close_score(self, frame_gray: np.ndarray, face: Face) -> float:
        self.looks.append(face)
        return super()._close_score(frame_gray, face) if self.told is None else self.told


@pytest.fixture
def detector() -> Watched:
    made = Watched.load(DEFAULT_GRAYNET, threshold=0.1)
    made.looks = []
    return made


def blurred(frames: list[np.ndarray]) -> Iterator[np.ndarray]:
    for frame in frames:
        for sigma in (4, 6, 8, 10):
            yield np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8)


def test_a_face_lies_in_its_close_up_where_it_is_said_to(demo_frames: list[np.ndarray]) -> None:
    [face] = GrayNet.load(DEFAULT_GRAYNET).detect(demo_frames[0])
    picture, box = close_up(demo_frames[0], face.box_xywh)
    assert picture.shape == (SIDE_PX, SIDE_PX)
    [found] = GrayNet.load(DEFAULT_GRAYNET, min_face_px=1).detect(picture)
    assert lies_on_another(found, [Face(box, 1.0)])


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((300, 200), (36, 36)),
        ((0, 0), (72, 0)),
        ((584, 424), (0, 72)),
        ((-10, 200), (82, 36)),  # a box may lie beyond the frame in part
    ],
)
def test_the_square_is_mirrored_and_has_no_false_edge(place: tuple[int, int], expected: tuple[int, int]) -> None:
    """Of a picture whose pixels tell where they are; the box has 56 px, so that they are as large as they were."""
    columns = np.tile(np.arange(640) % 256, (480, 1)).astype(np.uint8)
    picture, box = close_up(columns, (*place, 56.0, 56.0))
    assert box == pytest.approx((*expected, 56, 56))
    left = place[0] + 56 + expected[0] - SIDE_PX  # of the square in the frame
    assert picture[64, ::-1].tolist() == [(left + column) % 256 for column in range(SIDE_PX)]


def test_a_face_that_fills_the_frame_has_none() -> None:
    frame = np.zeros((480, 640), np.uint8)
    assert is_possible((100, 100, 200, 200), frame)
    assert not is_possible((100, 100, 200, 211), frame)


def test_a_doubtful_score_is_the_mean_of_both_looks_and_a_sure_one_stays(
    detector: Watched, demo_frames: list[np.ndarray]
) -> None:
    scores = set()
    for told in (None, 0.0, 0.9):
        detector.told = told
        for frame in blurred(demo_frames[:6]):
            detector.looks.clear()
            faces = detector.detect(frame)
            for seen in detector.looks:
                assert DOUBTFUL <= seen.score < SURE
                if told is not None:
                    assert (seen.score + told) / 2 in [face.score for face in faces]
                    scores.add(told)
    assert scores == {0.0, 0.9}


def test_what_is_no_face_from_nearby_is_none(demo_frames: list[np.ndarray]) -> None:
    detector = Watched.load(DEFAULT_GRAYNET)
    detector.told = 0.0
    doubtful = 0
    for frame in blurred(demo_frames):
        detector.looks = []
        faces = detector.detect(frame)
        doubtful += len(detector.looks)
        assert not {face.box_xywh for face in faces} & {face.box_xywh for face in detector.looks}
    assert doubtful


def test_a_crowd_of_doubtful_faces_costs_no_more_than_ten_looks(detector: Watched) -> None:
    faces = [Face((10.0 * number, 10.0, 50.0, 60.0), 0.7) for number in range(40)]
    detector.told = 0.1
    examined = detector._examined(np.zeros((480, 640), np.uint8), faces)
    assert len(detector.looks) == MOST_CLOSE_LOOKS
    assert [face.score for face in examined] == [pytest.approx(0.4)] * MOST_CLOSE_LOOKS + [0.7] * 30


def test_networks_are_compared_without_a_close_look(demo_frames: list[np.ndarray]) -> None:
    known = GrayNet.load(DEFAULT_GRAYNET)
    detector = Watched(DEFAULT_GRAYNET.read_bytes(), known.manifest, closely=False)
    detector.looks = []
    found = [detector.detect(frame) for frame in blurred(demo_frames)]
    assert any(DOUBTFUL <= face.score < SURE for faces in found for face in faces)
    assert not detector.looks
