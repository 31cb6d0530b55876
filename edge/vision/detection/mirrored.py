"""Search the mirrored picture: real faces are found there too, things that only resemble one mostly are not."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edge.vision.detection.face import Face, FaceDetector
from edge.vision.detection.region import Ignoring, InRegion


class Mirrored:
    """Shows `detector` the mirrored frame, and gives its faces where they lie in the frame itself."""

    def __init__(self, detector: FaceDetector) -> None:
        self.name = detector.name
        self.geometry = detector.geometry
        self._detector = detector

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        width = frame_gray.shape[1]
        found = self._detector.detect(np.ascontiguousarray(frame_gray[:, ::-1]))
        return [_mirrored_face(face, width) for face in found]


def mirrored(detector: FaceDetector) -> FaceDetector:
    """`detector` for the mirrored picture; regions stay where they are in the frame."""
    if isinstance(detector, Ignoring):
        return Ignoring(mirrored(detector.detector), detector.regions)
    if isinstance(detector, InRegion):
        return InRegion(mirrored(detector.detector), detector.region)
    return Mirrored(detector)


def _mirrored_face(face: Face, frame_width: int) -> Face:
    x, y, width, height = face.box_xywh
    eyes = None
    if face.eyes:
        (left_x, left_y), (right_x, right_y) = face.eyes
        eyes = (frame_width - right_x, right_y), (frame_width - left_x, left_y)
    return replace(face, box_xywh=(frame_width - x - width, y, width, height), eyes=eyes)
