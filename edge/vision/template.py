"""Follow a known face between two detections by template matching, at a hundredth of a detection's cost."""

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import Box, Point
from edge.shrinking import halved

FACE_PX = 32  # size at which faces are compared; a peak between pixels is found to about a tenth of one
MARGIN = 0.4  # how far from its predicted place a face is looked for, in face sizes
MIN_PX = 8  # of a face that is mostly outside the frame
MIN_CONTRAST_LEVELS = 2.0  # standard deviation; OpenCV finds a blank patch anywhere, with score 1
CELLS = 8  # a side of a look; each averages the camera's noise
MIN_SCORE = 0.7  # normalized correlation from which it is the same face; below it, the detector must look


class FaceTemplate:
    """Image patch for template matching; replaced at each detection, so that errors do not add up."""

    def __init__(self, frame_gray: npt.NDArray[np.uint8], box_xywh: Box) -> None:
        """`frame_gray` is (H, W) uint8; `box_xywh` may reach beyond it."""
        self._scale = FACE_PX / math.sqrt(box_xywh[2] * box_xywh[3])
        self._patch, corner = _cut(frame_gray, box_xywh, self._scale)
        self._usable = min(self._patch.shape) >= MIN_PX and float(self._patch.std()) >= MIN_CONTRAST_LEVELS
        self._corner = corner[0] - box_xywh[0], corner[1] - box_xywh[1]
        self._area = self._patch
        self._place: Point = (0.0, 0.0)

    def find(self, frame_gray: npt.NDArray[np.uint8], near_xywh: Box) -> Box | None:
        """Return the face's box in `frame_gray` around `near_xywh`, None where it is not there or looks different."""
        x, y, width, height = near_xywh
        margin_x = MARGIN * width
        margin_y = MARGIN * height
        wide = x - margin_x, y - margin_y, width + 2 * margin_x, height + 2 * margin_y
        area, corner = _cut(frame_gray, wide, self._scale)
        if not self._usable or any(a < p for a, p in zip(area.shape, self._patch.shape, strict=True)):
            return None
        scores = cv2.matchTemplate(area, self._patch, cv2.TM_CCOEFF_NORMED)
        _, score, _, (column, row) = cv2.minMaxLoc(scores)
        if score < MIN_SCORE:
            return None
        place = column + _peak(scores[row, :], column), row + _peak(scores[:, column], row)
        self._area = area
        self._place = place
        left = corner[0] + place[0] / self._scale
        top = corner[1] + place[1] / self._scale
        return left - self._corner[0], top - self._corner[1], width, height

    def look(self) -> npt.NDArray[np.uint8]:
        """The face as last found, in `CELLS` x `CELLS` gray levels."""
        height, width = self._patch.shape
        middle = self._place[0] + (width - 1) / 2, self._place[1] + (height - 1) / 2
        face = cv2.getRectSubPix(self._area, (width, height), middle)
        return np.asarray(cv2.resize(face, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.uint8)


def _cut(
    frame_gray: npt.NDArray[np.uint8], box_xywh: Box, scale: float
) -> tuple[npt.NDArray[np.uint8], tuple[int, int]]:
    """The part of the frame inside the box, scaled, and its upper left corner in the frame."""
    x, y, width, height = box_xywh
    left = max(round(x), 0)
    top = max(round(y), 0)
    part = frame_gray[top : max(round(y + height), 0), left : max(round(x + width), 0)]
    part, pixel = halved(part, math.floor(max(-math.log2(scale), 0.0)))
    size = round(part.shape[1] * pixel * scale), round(part.shape[0] * pixel * scale)
    if min(size) < 1:
        return np.empty((0, 0), np.uint8), (left, top)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8), (left, top)


def _peak(scores: npt.NDArray[Any], best: int) -> float:
    """Where between pixels the greatest of three neighbours lies, by a parabola through them; -0.5 to 0.5."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    before, at, after = (float(score) for score in scores[best - 1 : best + 2])
    curvature = before - 2 * at + after
    return (before - after) / (2 * curvature) if curvature < 0 else 0.0
