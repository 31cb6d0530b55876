"""Halving a picture: means of squares, as often as there are two pixels each way."""

import numpy as np
import pytest

from edge.shrinking import halved


def test_each_pixel_is_the_mean_of_a_square_and_odd_ends_are_left_out() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (13, 10), dtype=np.uint8)
    small, factor = halved(picture, 1)
    squares = picture[:12].reshape(6, 2, 5, 2).mean(axis=(1, 3))
    assert factor == 2
    np.testing.assert_allclose(small, squares, atol=0.5)


@pytest.mark.parametrize(
    ("shape", "times", "expected", "factor"),
    [
        ((480, 640), 0, (480, 640), 1),
        ((480, 640), 3, (60, 80), 8),
        ((480, 640), 20, (1, 2), 256),
        ((1, 640), 3, (1, 640), 1),
        ((3, 3), 2, (1, 1), 2),
    ],
)
def test_it_is_halved_as_often_as_asked_and_possible(
    shape: tuple[int, int], times: int, expected: tuple[int, int], factor: int
) -> None:
    small, found = halved(np.full(shape, 77, np.uint8), times)
    assert (small.shape, found) == (expected, factor)
    assert (small == 77).all()


def test_a_part_of_a_larger_picture_needs_no_copy_first() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    part = picture[3:35, 5:37]
    np.testing.assert_array_equal(halved(part, 2)[0], halved(part.copy(), 2)[0])
