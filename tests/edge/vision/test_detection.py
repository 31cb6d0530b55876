from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import settings
from edge.contract import CropGeometry
from edge.errors import ModelError
from edge.settings import DEFAULT_GRAYNET
from edge.vision import detection
from edge.vision.detection import Face, FaceDetector, GrayNet, Haar, Ignoring, InRegion, YuNet, mirrored
from edge.vision.detection.graynet import decode
from tests.program import TEST_DATA

YUNET = TEST_DATA / "models" / "face_detection_yunet_2026may.onnx"


@pytest.fixture(params=["graynet", "haar", "yunet"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    if request.param == "graynet":
        return GrayNet.load(DEFAULT_GRAYNET)
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
    whole, corner = (
        settings.DetectorSettings(kind="haar"),
        settings.DetectorSettings(kind="haar", region=(0.9, 0.9, 0.1, 0.1)),
    )
    assert len(detection.open_detector(whole).detect(demo_frames[0])) == 1
    assert detection.open_detector(corner).detect(demo_frames[0]) == []


@pytest.mark.parametrize("number", [0, 4])
def test_the_mirrored_picture_shows_the_same_faces_where_they_are(
    number: int, detector: FaceDetector, demo_frames: list[np.ndarray]
) -> None:
    straight = detector.detect(demo_frames[number])
    again = mirrored(detector).detect(demo_frames[number])
    assert len(again) == len(straight)
    for face, other in zip(straight, again, strict=True):
        assert other.box_xywh == pytest.approx(face.box_xywh, abs=0.15 * face.box_xywh[2])
        if face.eyes and other.eyes:
            assert np.ravel(other.eyes) == pytest.approx(np.ravel(face.eyes), abs=0.1 * face.box_xywh[2])


def test_a_mirrored_picture_has_its_regions_where_they_are(
    detector: FaceDetector, demo_frames: list[np.ndarray]
) -> None:
    left = min(face.box_xywh for face in detector.detect(demo_frames[4]))
    half = InRegion(detector, (0.0, 0.0, 0.5, 1.0))
    [face] = mirrored(half).detect(demo_frames[4])
    assert face.box_xywh == pytest.approx(left, abs=0.15 * left[2])
    assert mirrored(Ignoring(half, [(0.0, 0.0, 0.5, 1.0)])).detect(demo_frames[4]) == []


@pytest.mark.parametrize(
    ("region", "left"),
    [
        ((0.0, 0.0, 0.5, 1.0), 1),  # all of one face
        ((0.0, 0.0, 1.0, 1.0), 0),
        ((0.0, 0.9, 1.0, 0.1), 2),  # nobody's
    ],
)
def test_in_an_ignored_region_a_face_does_not_count(
    region: tuple[float, ...], left: int, detector: FaceDetector, demo_frames: list[np.ndarray]
) -> None:
    assert len(Ignoring(detector, [region]).detect(demo_frames[4])) == left  # type: ignore[list-item]


class OneFace:
    """Sees one face, at (200, 100), 100 px wide and high."""

    name = "one"
    geometry = CropGeometry(side=1.0, shift_x=0.0, shift_y=0.0)

    def detect(self, frame_gray: np.ndarray) -> list[Face]:
        return [Face((200.0, 100.0, 100.0, 100.0), 0.9)]


@pytest.mark.parametrize(
    ("pixels", "counts"),
    [
        ((245, 145, 10, 10), False),  # around its centre
        ((0, 0, 252, 300), False),  # just over its centre
        ((0, 0, 248, 300), True),
        ((200, 100, 45, 100), True),  # 45 % of it
        ((100, 100, 50, 50), True),
    ],
)
def test_a_face_is_ignored_by_its_centre_or_its_greater_part(pixels: tuple[int, ...], counts: bool) -> None:
    x, y, width, height = pixels
    region = x / 640, y / 480, width / 640, height / 480
    frame = np.zeros((480, 640), np.uint8)
    assert bool(Ignoring(OneFace(), [(0.9, 0.9, 0.1, 0.1), region]).detect(frame)) == counts


def test_regions_to_ignore_come_from_the_settings(demo_frames: list[np.ndarray]) -> None:
    wall = settings.DetectorSettings(ignore=((0.0, 0.0, 0.5, 1.0),))
    assert len(detection.open_detector(wall).detect(demo_frames[4])) == 1
    both = settings.DetectorSettings(ignore=((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 0.5, 1.0)))
    assert detection.open_detector(both).detect(demo_frames[4]) == []


def test_largest_face_comes_first(detector: FaceDetector, demo_frames: list[np.ndarray]) -> None:
    areas = [face.box_xywh[2] * face.box_xywh[3] for face in detector.detect(demo_frames[4])]
    assert areas == sorted(areas, reverse=True)


def test_eyes_are_upright_and_lie_in_the_upper_half_of_the_box(
    detector: FaceDetector, demo_frames: list[np.ndarray]
) -> None:
    if detector.name == "haar":
        pytest.skip("a cascade gives no eyes")
    face = detector.detect(demo_frames[0])[0]
    assert face.eyes is not None
    (left_x, left_y), (right_x, right_y) = face.eyes
    x, y, width, height = face.box_xywh
    assert x < left_x < x + width / 2 < right_x < x + width
    assert y < left_y < y + height / 2
    assert abs(left_y - right_y) < 0.3 * (right_x - left_x)


def test_a_missing_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    absent = str(tmp_path / "none")
    with pytest.raises(ModelError, match="fetch-yunet"):
        detection.open_detector(settings.DetectorSettings(kind="yunet", yunet_model=absent))
    with pytest.raises(ModelError, match="copy one there with its manifest"):
        detection.open_detector(settings.DetectorSettings(kind="graynet", graynet_model=absent))


def test_our_own_network_is_the_default_and_its_threshold_the_manifests(demo_frames: list[np.ndarray]) -> None:
    default = detection.open_detector(settings.DetectorSettings())
    assert isinstance(default, GrayNet)
    assert default.accelerated or default.runtime != "litert"
    found = default.detect(demo_frames[4])
    assert len(found) == 2 and all(face.score >= default.manifest.threshold for face in found)
    assert detection.open_detector(settings.DetectorSettings(threshold=1.0)).detect(demo_frames[4]) == []


def test_cells_are_decoded_as_by_hand() -> None:
    """Row 2, column 3: the cell's centre is at (28, 20)."""
    boxes = np.array([[0.0, 0.0, 0.0, 0.0], [0.5, -1.0, 1.0, -1.0]])
    decoded = decode(np.array([2, 2]), np.array([3, 3]), boxes)
    assert decoded.tolist() == [[12, 4, 32, 32], [0, 4, 64, 16]]


def test_a_text_file_is_no_yunet(tmp_path: Path) -> None:
    path = tmp_path / "yunet.onnx"
    path.write_text("not an onnx file")
    with pytest.raises(ModelError, match="cannot run it as YuNet"):
        YuNet(path)
