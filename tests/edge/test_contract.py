import math

import cv2
import numpy as np
import pytest

from edge.contract import LABELS, CropGeometry, crop_face

WHOLE_BOX = CropGeometry(side=1.0, shift_x=0.0, shift_y=0.0)


def test_labels_are_fer2013s_in_its_order() -> None:
    assert LABELS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def test_a_box_of_the_input_size_is_copied_exactly() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    assert np.array_equal(crop_face(frame, (30, 20, 48, 48), WHOLE_BOX), frame[20:68, 30:78])


@pytest.mark.parametrize("side", [24, 96, 480, 1200])
def test_a_pattern_keeps_its_place_at_any_size(side: int) -> None:
    quarters = np.kron([[0, 80], [160, 240]], np.ones((side // 2, side // 2))).astype(np.uint8)
    frame = np.pad(quarters, 50, constant_values=255)
    crop = crop_face(frame, (50, 50, side, side), WHOLE_BOX)
    assert crop.shape == (48, 48)
    assert crop.dtype == np.uint8
    assert [crop[12, 12], crop[12, 36], crop[36, 12], crop[36, 36]] == [0, 80, 160, 240]


@pytest.mark.parametrize("side", [60, 97, 135, 136, 178, 300, 777])
def test_a_large_face_looks_as_if_all_its_pixels_were_averaged_at_once(side: int) -> None:
    rough = np.random.default_rng(0).integers(0, 256, (12, 12), dtype=np.uint8)
    frame = cv2.resize(rough, (side + 100, side + 100), interpolation=cv2.INTER_CUBIC)
    expected = cv2.resize(frame[50:-50, 50:-50], (48, 48), interpolation=cv2.INTER_AREA).astype(int)
    difference = np.abs(crop_face(np.asarray(frame, np.uint8), (50, 50, side, side), WHOLE_BOX) - expected)
    assert difference.mean() < 1 and difference.max() < 8


@pytest.mark.parametrize("centre", [(24, 24), (20_000, 30), (39_990, 5), (41_000, 30)])
def test_a_face_is_cut_out_of_a_panorama_as_out_of_its_part(centre: tuple[int, int]) -> None:
    """OpenCV's warp takes 32,766 px at most."""
    panorama = np.random.default_rng(0).integers(0, 256, (60, 40_000), dtype=np.uint8)
    left = min(max(centre[0] - 200, 0), 39_600)
    part = np.ascontiguousarray(panorama[:, left : left + 400])
    eyes = ((centre[0] - 8.0, 20.0), (centre[0] + 8.0, 23.0))
    near = tuple((x - left, y) for x, y in eyes)
    crop = crop_face(panorama, (centre[0] - 20, centre[1] - 20, 40, 44), WHOLE_BOX, eyes)
    assert np.array_equal(crop, crop_face(part, (centre[0] - 20 - left, centre[1] - 20, 40, 44), WHOLE_BOX, near))


def test_geometry_widens_and_shifts_in_units_of_the_box() -> None:
    frame = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    crop = crop_face(frame, (80, 80, 24, 24), CropGeometry(side=2.0, shift_x=0.5, shift_y=0.0))
    assert crop[24].tolist() == list(range(80, 128))  # centre 92 + 12, side 48


@pytest.mark.parametrize("degrees", [-30, -10, 20])
def test_eyes_turn_the_face_upright(degrees: float) -> None:
    upright = np.zeros((96, 96), np.uint8)
    upright[48:] = 200
    frame = np.pad(upright, 60, mode="edge")
    centre = 107.5
    angle = math.radians(degrees)
    turn = cv2.getRotationMatrix2D((centre, centre), -degrees, 1.0)
    turned = cv2.warpAffine(frame, turn, frame.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    dx = 20 * math.cos(angle)
    dy = 20 * math.sin(angle)
    eyes = ((centre - dx, centre - dy), (centre + dx, centre + dy))
    crop = crop_face(np.asarray(turned, np.uint8), (60, 60, 96, 96), WHOLE_BOX, eyes).astype(int)
    assert crop[:20].max() < 40
    assert crop[28:].min() > 160


def test_beyond_the_frame_its_edge_goes_on() -> None:
    frame = np.full((60, 60), 90, np.uint8)
    assert (crop_face(frame, (-30, -30, 150, 150), WHOLE_BOX) == 90).all()


@pytest.mark.parametrize("box", [(0, 0, 0, 10), (0, 0, 10, -1), (0, 0, math.nan, 10), (math.inf, 0, 10, 10)])
def test_a_box_without_area_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="positive width and height"):
        crop_face(np.zeros((60, 60), np.uint8), box, WHOLE_BOX)
