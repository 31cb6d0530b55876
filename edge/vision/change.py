"""Detect whether the picture has changed since it was last searched for faces; a still one is not searched again."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import Box
from edge.shrinking import halved

CELLS_WH = (80, 60)  # 640x480 halved three times; a face of 32 px covers 16 cells of 8x8 px
CHANGED_LEVELS = 10  # gray levels of one cell's mean; a camera's noise (sigma 12 a pixel) moves some of them by 9


class ChangeDetector:
    """Compares frames with the one last `remember`ed: slow changes add up to one, too."""

    def __init__(self) -> None:
        self._reference: npt.NDArray[np.uint8] | None = None

    def changed(self, frame_gray: npt.NDArray[np.uint8], apart_from: Sequence[Box] = ()) -> bool:
        """Whether `frame_gray`, (H, W) uint8, differs from the remembered one; True where there is none.

        Nothing counts that changed around the faces `apart_from`: whose they are may move.
        """
        if self._reference is None:
            return True
        difference = cv2.absdiff(_cells(frame_gray), self._reference)
        for box_xywh in apart_from:
            difference[_around(box_xywh, frame_gray.shape)] = 0
        return bool(difference.max() >= CHANGED_LEVELS)

    def remember(self, frame_gray: npt.NDArray[np.uint8]) -> None:
        self._reference = _cells(frame_gray)


def _around(face_xywh: Box, frame_shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the cells of a face, what is a face's width beside it, and the body below."""
    x, y, width, height = face_xywh
    column_px = frame_shape[1] / CELLS_WH[0]
    row_px = frame_shape[0] / CELLS_WH[1]
    left = max(math.floor((x - width) / column_px), 0)
    right = max(math.ceil((x + 2 * width) / column_px), 0)
    top = max(math.floor((y - height / 2) / row_px), 0)
    return slice(top, None), slice(left, right)


def _cells(frame_gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    cell_px = min(frame_gray.shape[1] / CELLS_WH[0], frame_gray.shape[0] / CELLS_WH[1])
    small, _ = halved(frame_gray, math.floor(math.log2(max(cell_px, 1.0))))
    return np.asarray(cv2.resize(small, CELLS_WH, interpolation=cv2.INTER_AREA), dtype=np.uint8)
