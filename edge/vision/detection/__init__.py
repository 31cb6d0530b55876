"""Find faces in a gray frame: by our own network, by YuNet, or by OpenCV's Haar cascade."""

from edge.vision.detection.detail import InDetail, in_detail
from edge.vision.detection.distinct import lies_on_another
from edge.vision.detection.face import Face, FaceDetector, shifted
from edge.vision.detection.graynet import GrayNet
from edge.vision.detection.haar import Haar
from edge.vision.detection.mirrored import mirrored
from edge.vision.detection.open import WHOLE_FRAME, open_detector
from edge.vision.detection.region import Ignoring, InRegion
from edge.vision.detection.yunet import YUNET_THRESHOLD, YuNet

__all__ = [
    "WHOLE_FRAME",
    "YUNET_THRESHOLD",
    "Face",
    "FaceDetector",
    "GrayNet",
    "Haar",
    "Ignoring",
    "InDetail",
    "InRegion",
    "YuNet",
    "in_detail",
    "lies_on_another",
    "mirrored",
    "open_detector",
    "shifted",
]
