"""Look for faces in one part of the frame only, or everywhere but in some parts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.contract import Box
from edge.vision.detection.face import Face, FaceDetector, shifted

Region = tuple[float, float, float, float]
"""x, y, width and height of a part of the frame, as shares of it"""

MOSTLY_COVERED = 0.5  # share of a face's box inside an ignored region from which it does not count


class InRegion:
    """Looks with `detector` at one `region` of the frame only."""

    def __init__(self, detector: FaceDetector, region: Region) -> None:
        self.name = detector.name
        self.geometry = detector.geometry
        self.detector = detector
        self.region = region

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        height, width = frame_gray.shape
        left = round(self.region[0] * width)
        right = round((self.region[0] + self.region[2]) * width)
        top = round(self.region[1] * height)
        bottom = round((self.region[1] + self.region[3]) * height)
        part = np.ascontiguousarray(frame_gray[top:bottom, left:right])
        return [shifted(face, left, top) for face in self.detector.detect(part)]


class Ignoring:
    """Leaves out what `detector` finds in one of the `regions`: a poster, a picture on the wall."""

    def __init__(self, detector: FaceDetector, regions: Sequence[Region]) -> None:
        self.name = detector.name
        self.geometry = detector.geometry
        self.detector = detector
        self.regions = tuple(regions)

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        height, width = frame_gray.shape
        ignored = [(x * width, y * height, w * width, h * height) for x, y, w, h in self.regions]
        found = self.detector.detect(frame_gray)
        return [face for face in found if not any(_lies_in(face.box_xywh, region) for region in ignored)]


def _lies_in(box: Box, region: Box) -> bool:
    """Whether the centre of `box`, or most of it, is inside `region`, both in pixels."""
    centre_x = box[0] + box[2] / 2
    centre_y = box[1] + box[3] / 2
    if 0 <= centre_x - region[0] <= region[2] and 0 <= centre_y - region[1] <= region[3]:
        return True
    covered_width = min(box[0] + box[2], region[0] + region[2]) - max(box[0], region[0])
    covered_height = min(box[1] + box[3], region[1] + region[3]) - max(box[1], region[1])
    covered = max(covered_width, 0.0) * max(covered_height, 0.0)
    return covered >= MOSTLY_COVERED * box[2] * box[3]
