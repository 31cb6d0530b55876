"""Find faces in a gray frame: by our own network, by YuNet, or by OpenCV's Haar cascade."""

import numpy as np
import numpy.typing as npt

from edge.settings import DetectorSettings
from edge.vision.detection.face import Face, FaceDetector, shifted
from edge.vision.detection.graynet import GrayNet
from edge.vision.detection.haar import Haar
from edge.vision.detection.yunet import YUNET_THRESHOLD, YuNet

__all__ = ["Face", "FaceDetector", "GrayNet", "Haar", "InRegion", "YuNet", "make", "shifted"]

WHOLE_FRAME = (0.0, 0.0, 1.0, 1.0)


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


def make(settings: DetectorSettings) -> FaceDetector:
    """Make the detector that the settings ask for; raises ModelError where it is not there."""
    detector = _make(settings)
    return detector if settings.region == WHOLE_FRAME else InRegion(detector, settings.region)


def _make(settings: DetectorSettings) -> FaceDetector:
    if settings.kind == "haar":
        return Haar(settings.min_face_px)
    if settings.kind == "yunet":
        return YuNet(settings.yunet_model, settings.threshold or YUNET_THRESHOLD, settings.min_face_px)
    return GrayNet(settings.graynet_model, settings.threshold, settings.min_face_px)
