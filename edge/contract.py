"""What training, conversion and the device must agree on: labels, input shape, how a face is cropped, how one is coded.

Scaling is no part of it: a model takes raw gray levels and scales them inside its graph.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""of the shipped model, in this order; another model's manifest names its own"""
LABEL_WORDS = "1 to 24 small letters, digits and _, a letter first"
LABEL_RULE = f"two labels or more, each once, of {LABEL_WORDS}"
NO_LABELS = (  # what stands in the place of a label, and what stands beside them in tables
    "no_face", "uncertain", "label", "id", "run", "utc", "time_s", "track", "x", "y", "width", "height",
    "detection_score", "emotion", "score", "certain",
)  # fmt: skip
INPUT_SIDE = 48
INPUT_SHAPE = (INPUT_SIDE, INPUT_SIDE, 1)
MAX_SAMPLES = 2 * INPUT_SIDE  # a side: of a larger face's square, two each way for a pixel of the crop

COPY_WIDTH_PX = 384  # of a 4:3 frame's copy that the face detector searches: 0.6 of 640x480
CELL_PX = 8  # of a copy, that one cell of the face detector's output stands for
UNIT_PX = 32.0  # box sides are coded as log2(side / UNIT_PX)
MAX_OVERLAP = 0.4  # intersection over union from which two found boxes are one face

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the frame"""
Point = tuple[float, float]


@dataclass(frozen=True)
class CropGeometry:
    """Where a FER2013 image lies around one detector's box; `python -m convert measure-crop` gives the numbers."""

    side: float
    """side of the square crop, in sqrt(width * height) of the box"""
    shift_x: float
    """from the box's centre to the crop's, in the same unit, to the right of the upright face"""
    shift_y: float
    """likewise, downwards"""


def label_fault(labels: Sequence[str]) -> str:
    """What is wrong with the names of a model's classes, in words; empty where nothing is."""
    for label in labels:
        if not re.fullmatch("[a-z][a-z0-9_]{0,23}", label):
            return f"{label[:40]!r}, which is not of {LABEL_WORDS}"
        if label in NO_LABELS:
            return f"{label!r}, which has another meaning in tables and messages: choose another name"
        if labels.count(label) > 1:
            return f"{label!r} twice"
    return "" if len(labels) > 1 else f"{', '.join(labels) or 'none'} alone"


def crop_face(
    frame_gray: npt.NDArray[np.uint8], box_xywh: Box, geometry: CropGeometry, eyes: tuple[Point, Point] | None = None
) -> npt.NDArray[np.uint8]:
    """Cut the face in `box_xywh` out of `frame_gray` as FER2013 would show it, (48, 48) uint8, gray.

    `frame_gray` is (H, W) uint8. `eyes` (the left one in the picture first) turn the face upright. What lies
    outside the frame repeats the frame's edge. Raises ValueError for a box without area.
    """
    import cv2  # here, because log, report and page need the labels without OpenCV and numpy, which are 50 MB
    import numpy as np

    x, y, width, height = box_xywh
    if not (width > 0 and height > 0 and all(map(math.isfinite, box_xywh))):
        raise ValueError(f"expected a box with positive width and height, found {box_xywh}")
    unit = math.sqrt(width * height)
    angle = roll(eyes) if eyes else 0.0
    cos = math.cos(angle)
    sin = math.sin(angle)
    centre_x = x + width / 2 + unit * (geometry.shift_x * cos - geometry.shift_y * sin)
    centre_y = y + height / 2 + unit * (geometry.shift_x * sin + geometry.shift_y * cos)
    upright = _rotated_square(frame_gray, (centre_x, centre_y), unit * geometry.side, cos, sin)
    shrinking = upright.shape[0] > INPUT_SIDE
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR  # averages all pixels that fall together
    return np.asarray(cv2.resize(upright, (INPUT_SIDE, INPUT_SIDE), interpolation=interpolation), dtype=np.uint8)


def roll(eyes: tuple[Point, Point]) -> float:
    """Angle of the line through the eyes, radians, clockwise in the picture."""
    (left_x, left_y), (right_x, right_y) = eyes
    return math.atan2(right_y - left_y, right_x - left_x)


def _rotated_square(
    frame_gray: npt.NDArray[np.uint8], centre: Point, side: float, cos: float, sin: float
) -> npt.NDArray[np.uint8]:
    """Sample a turned square around `centre` at the frame's own resolution, or at that of `MAX_SAMPLES` a side."""
    import cv2
    import numpy as np

    from edge.shrinking import halved

    samples = min(max(round(side), 1), MAX_SAMPLES)
    # `warpAffine` takes 32,766 px at most: the part of the frame that the square may touch
    left, right = _within(centre[0], side + 2, frame_gray.shape[1])
    top, bottom = _within(centre[1], side + 2, frame_gray.shape[0])
    part, pixel = halved(frame_gray[top:bottom, left:right], round(math.log2(max(side / samples, 1.0))))
    turn = np.array([[cos, -sin], [sin, cos]]) * (side / samples / pixel)
    middle = (samples - 1) / 2
    origin = (np.array(centre) - [left, top]) / pixel - 0.5 - turn @ [middle, middle]  # centres are whole numbers
    matrix = np.column_stack([turn, origin])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(part, matrix, (samples, samples), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(square, dtype=np.uint8)


def _within(middle: float, reach: float, size: int) -> tuple[int, int]:
    """The first pixel of `size` within `reach` of `middle`, and the one behind the last; at least one lies between."""
    first = min(max(math.floor(middle - reach), 0), size - 1)
    last = min(max(math.floor(middle + reach), 0), size - 1)
    return first, last + 1
