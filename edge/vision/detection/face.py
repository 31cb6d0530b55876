"""A found face, what finds it, and what every detector does with frames and boxes."""

import math
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import Box, CropGeometry, Point

REDUCED_WIDTH = 320  # px of the copy that YuNet and Haar search: 40 px of 640x480 are 20 there


@dataclass(frozen=True)
class Face:
    """`box_xywh` in pixels of the frame; `score` 0 to 1; `eyes` the left one in the picture first."""

    box_xywh: Box
    score: float
    eyes: tuple[Point, Point] | None = None


class FaceDetector(Protocol):
    """Anything that finds faces, and knows how FER2013's framing lies around its boxes."""

    name: str
    geometry: CropGeometry

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        """Return the faces of `frame_gray`, (H, W) uint8, largest first."""


def shifted(face: Face, dx: float, dy: float) -> Face:
    """`face` and its eyes, moved by (dx, dy) pixels."""
    x, y, width, height = face.box_xywh
    eyes = None
    if face.eyes:
        (left_x, left_y), (right_x, right_y) = face.eyes
        eyes = (left_x + dx, left_y + dy), (right_x + dx, right_y + dy)
    return replace(face, box_xywh=(x + dx, y + dy, width, height), eyes=eyes)


def reduced(
    frame_gray: npt.NDArray[np.uint8], copy_width_px: int = REDUCED_WIDTH
) -> tuple[npt.NDArray[np.uint8], float]:
    """Shrink the frame to the area of a 4:3 frame of this width; never enlarge. Returns it and its scale.

    Halved as often as it can be, then interpolated: 0.08 ms from 1280x720 where averaging at once took 0.83.
    """
    height, width = frame_gray.shape
    scale = min(1.0, copy_width_px * math.sqrt(0.75 / (width * height)))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: cv2.typing.MatLike = frame_gray
    for _ in range(int(-math.log2(scale))):
        half = (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))
        small = cv2.resize(small, half, interpolation=cv2.INTER_AREA)
    if small.shape != size[::-1]:
        small = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8), scale


def as_box(values: npt.NDArray[np.float64]) -> Box:
    """x, y, width, height as plain numbers."""
    x, y, width, height = map(float, values)
    return x, y, width, height


def largest_first(faces: list[Face], min_face_px: int) -> list[Face]:
    """Leave out what is smaller than `min_face_px` either way; sort by area."""
    large = [face for face in faces if min(face.box_xywh[2:]) >= min_face_px]
    return sorted(large, key=lambda face: -face.box_xywh[2] * face.box_xywh[3])
