"""Halve a picture: a Pi pays a quarter of an instruction a pixel, and 4 to 10 to average by any other factor."""

import cv2
import numpy as np
import numpy.typing as npt


def halved(picture: npt.NDArray[np.uint8], times: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Average squares of 2x2 pixels of `picture`, (H, W) uint8, `times` over, or as often as it has two each way.

    A last odd row or column is left out. Returns it and how many pixels wide one of its pixels was.
    """
    factor = 1
    while factor < 2**times and min(picture.shape) >= 2:
        rows = picture.shape[0] // 2
        columns = picture.shape[1] // 2
        even = picture[: 2 * rows, : 2 * columns]
        picture = np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        factor *= 2
    return picture, factor
