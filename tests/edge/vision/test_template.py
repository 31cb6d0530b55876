"""A face is found again where it went, and lost where it cannot be known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract import Box
from edge.vision.change import ChangeDetector
from edge.vision.detection import Haar
from edge.vision.template import FaceTemplate


@pytest.fixture(scope="module")
def face_box(demo_frames: list[np.ndarray]) -> Box:
    return Haar().detect(demo_frames[0])[0].box_xywh


def moved(frame: np.ndarray, dx: float, dy: float) -> np.ndarray:
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    size = frame.shape[1], frame.shape[0]
    return np.asarray(cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@pytest.mark.parametrize("shift", [(0, 0), (3, 0), (-17, 9), (30, -30), (0.5, 1.5)])
def test_a_face_is_found_where_it_went_to_a_fiftieth_of_its_size(
    shift: tuple[float, float], demo_frames: list[np.ndarray], face_box: Box
) -> None:
    x, y, width, height = face_box
    found = FaceTemplate(demo_frames[0], face_box).find(moved(demo_frames[0], *shift), face_box)
    assert found == pytest.approx((x + shift[0], y + shift[1], width, height), abs=width / 50)


def test_light_that_changes_does_not_lose_it(demo_frames: list[np.ndarray], face_box: Box) -> None:
    darker = (demo_frames[0] * 0.5).astype(np.uint8)
    assert FaceTemplate(demo_frames[0], face_box).find(darker, face_box) is not None


def test_a_face_that_is_gone_covered_or_another_is_lost(demo_frames: list[np.ndarray], face_box: Box) -> None:
    template = FaceTemplate(demo_frames[0], face_box)
    noise = np.random.default_rng(0).integers(0, 256, demo_frames[0].shape, dtype=np.uint8)
    for frame in (np.full_like(demo_frames[0], 128), noise, demo_frames[2]):
        assert template.find(frame, face_box) is None


def test_a_patch_without_contrast_fits_nowhere(demo_frames: list[np.ndarray], face_box: Box) -> None:
    blank = np.full_like(demo_frames[0], 128)
    assert FaceTemplate(blank, face_box).find(demo_frames[0], face_box) is None
    assert FaceTemplate(blank, face_box).find(blank, face_box) is None


PLACES = st.floats(-1e4, 1e4)
SIDES = st.floats(1.0, 3000.0)


@given(st.tuples(PLACES, PLACES, SIDES, SIDES), st.tuples(PLACES, PLACES))
def test_any_box_anywhere_is_found_or_lost_without_a_crash(box: Box, elsewhere: tuple[float, float]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    found = FaceTemplate(frame, box).find(frame, (*elsewhere, *box[2:]))
    assert found is None or np.isfinite(found).all()


def test_noise_is_no_motion_but_a_small_face_is(demo_frames: list[np.ndarray], face_box: Box) -> None:
    rng = np.random.default_rng(0)
    room = np.full((480, 640), 100.0)

    def picture() -> np.ndarray:
        return np.clip(room + rng.normal(0, 8, room.shape), 0, 255).astype(np.uint8)

    change = ChangeDetector()
    assert change.changed(picture())
    change.remember(picture())
    assert not any(change.changed(picture()) for _ in range(20))
    x, y, width, height = map(round, face_box)
    face = cv2.resize(demo_frames[0][y : y + height, x : x + width], (32, 32))
    room[200:232, 300:332] = face
    assert change.changed(picture())


def test_slow_changes_add_up_to_motion() -> None:
    change = ChangeDetector()
    change.remember(np.full((480, 640), 100, np.uint8))
    assert [change.changed(np.full((480, 640), 100 + step, np.uint8)) for step in range(14)] == [False] * 10 + [
        True
    ] * 4
