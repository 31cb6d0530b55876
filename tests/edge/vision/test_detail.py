"""The second look at large photos: finds what is small, each face once, and costs a small frame nothing."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import Analyzer
from edge.contract import CropGeometry
from edge.settings import DEFAULT_GRAYNET, DetectorSettings
from edge.vision.detection import Face, GrayNet, InDetail, InRegion, in_detail, open_detector
from edge.vision.detection.face import largest_first

MIN_FACE_PX = 32


class Squares:
    """Finds white squares that are neither too small nor too large in its view of at most 640x480 pixels."""

    name = "squares"
    geometry = CropGeometry(1.0, 0.0, 0.0)

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        self.looks += 1
        scale = min(1.0, (640 * 480 / frame_gray.size) ** 0.5)
        count, _, boxes, _ = cv2.connectedComponentsWithStats((frame_gray > 128).astype(np.uint8))
        found = [tuple(map(float, box[:4])) for box in boxes[1:count]]
        return [Face(box, 0.9) for box in found if 24 <= box[2] * scale <= 400]  # type: ignore[arg-type]


def with_squares(shape: tuple[int, int], *boxes: tuple[int, int, int]) -> np.ndarray:
    frame = np.zeros(shape, np.uint8)
    for left, top, side in boxes:
        frame[top : top + side, left : left + side] = 255
    return frame


def test_faces_of_all_sizes_are_found_once_wherever_they_lie() -> None:
    boxes = [(left, top, 33) for left in range(5, 3900, 197) for top in range(700, 2900, 211)]
    boxes += [(100, 100, 70), (400, 60, 150), (1000, 20, 600)]
    frame = with_squares((3000, 4000), *boxes)
    assert len(Squares().detect(frame)) == 2  # the largest
    found = InDetail(Squares(), MIN_FACE_PX).detect(frame)
    assert len(found) == len(boxes)
    assert found[0].box_xywh == pytest.approx((1000, 20, 600, 600), abs=1)
    for left, top, side in boxes:
        box = left, top, side, side
        assert any(face.box_xywh == pytest.approx(box, abs=4) for face in found), box


def test_a_frame_no_larger_than_a_part_is_looked_at_once() -> None:
    detector = Squares()
    InDetail(detector, MIN_FACE_PX).detect(with_squares((480, 640), (50, 50, 100)))
    assert detector.looks == 1


def test_a_greater_least_face_means_fewer_looks() -> None:
    few = Squares()
    many = Squares()
    frame = with_squares((3000, 4000))
    InDetail(few, 100).detect(frame)
    InDetail(many, 32).detect(frame)
    assert few.looks < many.looks / 5


def test_what_the_mirror_image_does_not_show_does_not_count() -> None:
    class OneWay(Squares):
        """Takes a square with a dark left half for a face, too, which no mirror image shows."""

        def detect(self, frame_gray: np.ndarray) -> list[Face]:
            found = super().detect(frame_gray)
            return [face for face in found if frame_gray[:, int(face.box_xywh[0]) - 1].max() < 100]

    frame = with_squares((960, 1280), (200, 200, 40), (900, 600, 40))
    frame[600:640, 899] = 120
    assert len(InDetail(Squares(), MIN_FACE_PX).detect(frame)) == 2
    frame[600:640, 940] = 120
    frame[600:640, 899] = 0
    [face] = InDetail(OneWay(), MIN_FACE_PX).detect(frame)
    assert face.box_xywh[:2] == (200, 200)


def test_a_region_stays_the_part_that_is_looked_at() -> None:
    frame = with_squares((2000, 2000), (200, 200, 40), (1500, 1500, 40))
    detector = in_detail(InRegion(Squares(), (0.5, 0.5, 0.5, 0.5)), MIN_FACE_PX)
    assert [face.box_xywh[:2] for face in detector.detect(frame)] == [(1500, 1500)]


def test_eyes_move_and_grow_with_their_face(demo_frames: list[np.ndarray]) -> None:
    frame = np.full((1500, 2000), 128, np.uint8)
    frame[900 : 900 + 240, 1500 : 1500 + 320] = cv2.resize(demo_frames[0], (320, 240), interpolation=cv2.INTER_AREA)
    graynet = GrayNet.load(DEFAULT_GRAYNET)
    [face] = in_detail(graynet, MIN_FACE_PX).detect(frame)
    [near] = largest_first(graynet.detect(demo_frames[0]), MIN_FACE_PX)
    assert face.eyes is not None and near.eyes is not None
    for eye, near_eye in zip(face.eyes, near.eyes, strict=True):
        assert eye == pytest.approx((1500 + near_eye[0] / 2, 900 + near_eye[1] / 2), abs=6)


def test_videos_are_looked_at_in_detail_by_a_setting_only() -> None:
    assert isinstance(open_detector(DetectorSettings()), GrayNet)
    detector = open_detector(DetectorSettings(detail=True))
    assert isinstance(detector, InDetail)
    assert in_detail(detector, MIN_FACE_PX) is detector


def test_the_library_searches_a_photo_in_detail_and_a_video_only_by_the_setting(
    demo_frames: list[np.ndarray], tmp_path: Path
) -> None:
    photo = np.full((1500, 2000), 128, np.uint8)
    photo[900 : 900 + 192, 1500 : 1500 + 256] = cv2.resize(demo_frames[2], (256, 192), interpolation=cv2.INTER_AREA)
    analyzer = Analyzer()
    assert len(analyzer.analyze(photo)) == 1
    assert [analyzer.analyze(photo, time_s=second) for second in (0.0, 0.1, 0.2)] == [[], [], []]
    (tmp_path / "settings.toml").write_text("detector.detail = true")
    in_all_detail = Analyzer(tmp_path / "settings.toml")
    assert [len(in_all_detail.analyze(photo, time_s=second)) for second in (0.0, 0.1, 0.2)][-1] == 1
