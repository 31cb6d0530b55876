"""Find faces in a gray frame: YuNet where its model file is present, else OpenCV's Haar cascade."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from edge import settings
from edge.contract import Box, CropGeometry, Point
from edge.errors import ModelError

YUNET_WIDTH = 320  # px of the reduced copy: 3.7 ms a call there on one x86 thread, and faces from about 20 px are found
HAAR_WIDTH = 320
WHOLE_FRAME = (0.0, 0.0, 1.0, 1.0)
HAAR_CASCADE = "haarcascade_frontalface_default.xml"


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


class YuNet:
    """YuNet by `cv2.FaceDetectorYN`; raises ModelError where the file is missing or not YuNet."""

    name = "yunet"
    geometry = CropGeometry(side=1.11, shift_x=0.0, shift_y=0.0)  # measured by `convert measure-crop`

    def __init__(self, model: str | Path, threshold: float = 0.8, min_face_px: int = 32) -> None:
        if not Path(model).is_file():
            raise ModelError(
                f"{model}: no such face detector; run `python -m edge fetch-yunet`, or set detector.kind = 'haar'"
            )
        self._min_face_px = min_face_px
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (YUNET_WIDTH, YUNET_WIDTH), threshold)
            self._net.detect(np.zeros((YUNET_WIDTH, YUNET_WIDTH, 3), np.uint8))
        except cv2.error as error:
            raise ModelError(f"{model}: OpenCV {cv2.__version__} cannot run it as YuNet; fetch it again") from error

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = _reduced(frame_gray, YUNET_WIDTH)
        self._net.setInputSize((small.shape[1], small.shape[0]))
        rows = self._net.detect(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))[1]
        faces = [_yunet_face(row / scale, float(row[14])) for row in (rows if rows is not None else [])]
        return _largest_first(faces, self._min_face_px)


class Haar:
    """The cascade that ships with OpenCV 4: always there, but misses many faces and sees some in wallpaper."""

    name = "haar"
    geometry = CropGeometry(side=1.01, shift_x=0.0, shift_y=0.0)  # measured by `convert measure-crop`

    def __init__(self, min_face_px: int = 32) -> None:
        if not hasattr(cv2, "CascadeClassifier"):
            raise ModelError(f"OpenCV {cv2.__version__} has no Haar cascades; run `python -m edge fetch-yunet`")
        self._min_face_px = min_face_px
        path = Path(cv2.__file__).parent / "data" / HAAR_CASCADE
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise ModelError(
                f"{path}: no such cascade; install opencv-python-headless by pip, or `python -m edge fetch-yunet`"
            )

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = _reduced(frame_gray, HAAR_WIDTH)
        side = max(round(self._min_face_px * scale), 20)  # the cascade's own window is 20 px
        boxes = self._cascade.detectMultiScale(small, scaleFactor=1.1, minNeighbors=5, minSize=(side, side))
        faces = [Face(_box(np.asarray(box) / scale), 1.0) for box in boxes]  # a cascade gives no score
        return _largest_first(faces, self._min_face_px)


class InRegion:
    """Looks with `detector` at one part of the frame only: x, y, width and height as shares of it."""

    def __init__(self, detector: FaceDetector, region: tuple[float, float, float, float]) -> None:
        self.name, self.geometry = detector.name, detector.geometry
        self._detector, self._region = detector, region

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        height, width = frame_gray.shape
        left, right = (round(share * width) for share in (self._region[0], self._region[0] + self._region[2]))
        top, bottom = (round(share * height) for share in (self._region[1], self._region[1] + self._region[3]))
        part = np.ascontiguousarray(frame_gray[top:bottom, left:right])
        return [shifted(face, left, top) for face in self._detector.detect(part)]


def shifted(face: Face, dx: float, dy: float) -> Face:
    """`face` and its eyes, moved by (dx, dy) pixels."""
    x, y, width, height = face.box_xywh
    eyes = None
    if face.eyes:
        (left_x, left_y), (right_x, right_y) = face.eyes
        eyes = (left_x + dx, left_y + dy), (right_x + dx, right_y + dy)
    return replace(face, box_xywh=(x + dx, y + dy, width, height), eyes=eyes)


def make(wanted: settings.Detector) -> FaceDetector:
    """Make the detector that the settings ask for; raises ModelError where it is not there."""
    detector = _make(wanted)
    return detector if wanted.region == WHOLE_FRAME else InRegion(detector, wanted.region)


def _make(wanted: settings.Detector) -> FaceDetector:
    if wanted.kind == "haar" or (wanted.kind == "auto" and not Path(wanted.yunet_model).is_file()):
        return Haar(wanted.min_face_px)
    return YuNet(wanted.yunet_model, wanted.threshold, wanted.min_face_px)


def _reduced(frame_gray: npt.NDArray[np.uint8], width: int) -> tuple[npt.NDArray[np.uint8], float]:
    """Shrink the frame to the area of `width` x 3/4 `width`; never enlarge. Returns it and its scale."""
    height, full_width = frame_gray.shape
    scale = min(1.0, width * math.sqrt(0.75 / (full_width * height)))
    if scale == 1.0:
        return frame_gray, scale
    size = (max(1, round(full_width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(frame_gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), scale


def _yunet_face(row: npt.NDArray[np.float32], score: float) -> Face:
    """YuNet's row: box, then right eye, left eye (the person's), nose, mouth corners, score."""
    eyes = sorted([(float(row[4]), float(row[5])), (float(row[6]), float(row[7]))])
    return Face(_box(row[:4].astype(np.float64)), score, (eyes[0], eyes[1]))


def _box(values: npt.NDArray[np.float64]) -> Box:
    x, y, width, height = map(float, values)
    return x, y, width, height


def _largest_first(faces: list[Face], min_face_px: int) -> list[Face]:
    large = [face for face in faces if min(face.box_xywh[2:]) >= min_face_px]
    return sorted(large, key=lambda face: -face.box_xywh[2] * face.box_xywh[3])
