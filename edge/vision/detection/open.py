"""Open the face detector that the settings name."""

from edge.settings import DetectorSettings
from edge.vision.detection.detail import in_detail
from edge.vision.detection.face import FaceDetector
from edge.vision.detection.graynet import GrayNet
from edge.vision.detection.haar import Haar
from edge.vision.detection.region import Ignoring, InRegion
from edge.vision.detection.yunet import YUNET_THRESHOLD, YuNet

WHOLE_FRAME = (0.0, 0.0, 1.0, 1.0)


def open_detector(settings: DetectorSettings) -> FaceDetector:
    """Open the detector that the settings ask for; raises ModelError where it is not there."""
    detector = _open(settings)
    if settings.detail:
        detector = in_detail(detector, settings.min_face_px)
    if settings.region != WHOLE_FRAME:
        detector = InRegion(detector, settings.region)
    return Ignoring(detector, settings.ignore) if settings.ignore else detector


def _open(settings: DetectorSettings) -> FaceDetector:
    if settings.kind == "haar":
        return Haar(settings.min_face_px)
    if settings.kind == "yunet":
        return YuNet(settings.yunet_model, settings.threshold or YUNET_THRESHOLD, settings.min_face_px)
    return GrayNet.load(settings.graynet_model, settings.threshold, settings.min_face_px)
