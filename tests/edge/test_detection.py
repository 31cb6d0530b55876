from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import detection, settings
from edge.detection import FaceDetector, Haar, InRegion, YuNet
from edge.errors import ModelError
from tests.edge.conftest import SHARED

YUNET = SHARED / "models" / "face_detection_yunet_2026may.onnx"


@pytest.fixture(params=["haar", "yunet"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    if request.param == "haar":
        return Haar()
    if not YUNET.is_file():
        pytest.skip("no YuNet model file beside the repository")
    return YuNet(YUNET)


def test_finds_the_faces_of_the_demo(detector: FaceDetector, demo_frames: list[np.ndarray]) -> None:
    assert [len(detector.detect(frame)) for frame in demo_frames] == [1, 1, 1, 1, 2, 2]


def test_boxes_are_in_pixels_of_the_whole_frame(detector: FaceDetector, demo_frames: list[np.ndarray]) -> None:
    small = demo_frames[0]
    x, y, width, height = detector.detect(small)[0].box_xywh
    large = cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    found = detector.detect(np.asarray(large, np.uint8))[0].box_xywh
    assert found == pytest.approx((3 * x, 3 * y, 3 * width, 3 * height), abs=30)


def test_portrait_frames_work_too(detector: FaceDetector, demo_frames: list[np.ndarray]) -> None:
    portrait = cv2.copyMakeBorder(demo_frames[0], 200, 200, 0, 0, cv2.BORDER_REPLICATE)
    x, y, width, height = detector.detect(demo_frames[0])[0].box_xywh
    face = detector.detect(np.asarray(portrait, np.uint8))[0]
    assert face.box_xywh == pytest.approx((x, y + 200, width, height), abs=15)


def test_small_faces_are_left_out_and_blank_frames_hold_none(demo_frames: list[np.ndarray]) -> None:
    assert not Haar(min_face_px=300).detect(demo_frames[0])
    assert not Haar().detect(np.full((480, 640), 128, np.uint8))
    assert not Haar().detect(np.zeros((48, 48), np.uint8))


def test_only_the_region_is_searched_and_boxes_stay_in_pixels_of_the_frame(
    detector: FaceDetector, demo_frames: list[np.ndarray]
) -> None:
    one, other = (face.box_xywh for face in detector.detect(demo_frames[4]))
    left = min(one, other)
    found = InRegion(detector, (0.0, 0.0, 0.5, 1.0)).detect(demo_frames[4])
    assert [face.box_xywh for face in found] == [pytest.approx(left, abs=12)]
    right = InRegion(detector, (0.5, 0.1, 0.5, 0.9)).detect(demo_frames[4])
    assert [face.box_xywh for face in right] == [pytest.approx(max(one, other), abs=12)]
    for face in right:
        assert face.eyes is None or all(point[0] > 320 for point in face.eyes)


def test_a_region_in_the_settings_is_what_the_detector_gets(demo_frames: list[np.ndarray]) -> None:
    whole, corner = settings.Detector(kind="haar"), settings.Detector(kind="haar", region=(0.9, 0.9, 0.1, 0.1))
    assert len(detection.make(whole).detect(demo_frames[0])) == 1
    assert detection.make(corner).detect(demo_frames[0]) == []


def test_largest_face_comes_first(detector: FaceDetector, demo_frames: list[np.ndarray]) -> None:
    areas = [face.box_xywh[2] * face.box_xywh[3] for face in detector.detect(demo_frames[4])]
    assert areas == sorted(areas, reverse=True)


def test_yunet_gives_upright_eyes(demo_frames: list[np.ndarray]) -> None:
    if not YUNET.is_file():
        pytest.skip("no YuNet model file beside the repository")
    face = YuNet(YUNET).detect(demo_frames[0])[0]
    assert face.eyes is not None
    (left_x, left_y), (right_x, right_y) = face.eyes
    assert left_x < right_x
    assert abs(left_y - right_y) < 0.3 * (right_x - left_x)


def test_auto_takes_haar_where_yunets_file_is_absent(tmp_path: Path) -> None:
    absent = str(tmp_path / "none.onnx")
    assert detection.make(settings.Detector(kind="auto", yunet_model=absent)).name == "haar"
    with pytest.raises(ModelError, match="fetch-yunet"):
        detection.make(settings.Detector(kind="yunet", yunet_model=absent))


def test_a_text_file_is_no_yunet(tmp_path: Path) -> None:
    path = tmp_path / "yunet.onnx"
    path.write_text("not an onnx file")
    with pytest.raises(ModelError, match="cannot run it as YuNet"):
        YuNet(path)
