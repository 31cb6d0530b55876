"""Look for faces in one part of the frame only."""

import numpy as np
import numpy.typing as npt

from edge.vision.detection.face import Face, FaceDetector, shifted


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
