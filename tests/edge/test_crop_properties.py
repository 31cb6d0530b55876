"""Any box of a detector, however large, small, or far outside the frame, gives a crop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.contract import Box, CropGeometry, Point, crop_face

PLACES = st.floats(-5000.0, 5000.0)
SIDES = st.floats(0.5, 5000.0)
POINTS = st.tuples(PLACES, PLACES)


@given(
    st.tuples(PLACES, PLACES, SIDES, SIDES),
    st.none() | st.tuples(POINTS, POINTS),
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
)
def test_any_box_gives_a_crop_of_gray_levels_that_the_frame_has(
    box: Box, eyes: tuple[Point, Point] | None, size_hw: tuple[int, int]
) -> None:
    frame = np.random.default_rng(0).integers(40, 200, size_hw, dtype=np.uint8)
    crop = crop_face(frame, box, CropGeometry(side=1.1, shift_x=0.05, shift_y=-0.1), eyes)
    assert crop.shape == (48, 48)
    assert crop.dtype == np.uint8
    assert crop.min() >= frame.min() - 1
    assert crop.max() <= frame.max() + 1
