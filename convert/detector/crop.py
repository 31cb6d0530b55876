"""Measure where a detector's box lies in FER2013's own framing, so that the device crops as
FER2013 does.

Each 48x48 face is shown to the detector enlarged, in a canvas that continues its edges; the box
found there tells how FER2013's square lies around such a box.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.contract import INPUT_SIDE, CropGeometry, roll
from edge.vision.detection import FaceDetector
from train.data.faces import Faces
from train.errors import DataError

FACE_PX = 200  # of the enlarged face: well above the smallest that either detector finds
MARGIN_PX = 100
MIN_FACE_PX = 40  # of the boxes that count
FACES_PER_CLASS = 300


@dataclass(frozen=True)
class Measured:
    """The median geometry, and how far single faces stray from it (median absolute deviation)."""

    geometry: CropGeometry
    spread: CropGeometry
    found: int
    shown: int
    eye_line_deg: float
    """median tilt of the eye line, absolute: how upright FER2013 is; 0 where the detector gives
    no eyes
    """


def measure(faces: Faces, detector: FaceDetector) -> Measured:
    """Show `faces` to `detector`; faces found not exactly once are left out.

    Raises DataError where that leaves none.
    """
    rows = []
    tilts = []
    for image in faces.images:
        found = detector.detect(_canvas(image))
        if len(found) != 1:
            continue
        x, y, width, height = found[0].box_xywh
        unit = np.sqrt(width * height)
        middle = MARGIN_PX + FACE_PX / 2
        rows.append(
            (FACE_PX / unit, (middle - x - width / 2) / unit, (middle - y - height / 2) / unit)
        )
        if found[0].eyes:
            tilts.append(abs(np.degrees(roll(found[0].eyes))))
    if not rows:
        raise DataError(
            f"{detector.name} found none of {len(faces)} faces",
            "are they upright faces as in FER2013?",
        )
    median = np.median(rows, axis=0)
    spread = np.median(np.abs(rows - median), axis=0)
    tilt_deg = float(np.median(tilts)) if tilts else 0.0
    return Measured(_geometry(median), _geometry(spread), len(rows), len(faces), tilt_deg)


def _geometry(values: np.ndarray) -> CropGeometry:
    side, shift_x, shift_y = values.tolist()
    return CropGeometry(round(side, 3), round(shift_x, 3), round(shift_y, 3))


def _canvas(image: np.ndarray) -> np.ndarray:
    """Enlarge a (48, 48) face to `FACE_PX` and continue its edges, blurred, by `MARGIN_PX`."""
    face = cv2.resize(image, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC)
    canvas = cv2.copyMakeBorder(
        face, MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX, cv2.BORDER_REPLICATE
    )
    canvas = cv2.GaussianBlur(canvas, (0, 0), FACE_PX / INPUT_SIDE * 2)
    canvas[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = face
    return canvas
