"""Keep one box for each face where a detector found it twice."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.contract import MAX_OVERLAP
from edge.vision.detection.face import Face

MAX_COVERED = 0.6  # share of the smaller of two boxes inside the other from which both are one face: a nose, an eye


def distinct(faces: Sequence[Face]) -> list[Face]:
    """Leave out each face that lies on one with a greater score, or as great a one and larger; the best come first."""
    ordered = sorted(faces, key=lambda face: (-face.score, -face.box_xywh[2] * face.box_xywh[3]))
    if len(ordered) < 2:
        return ordered
    boxes = np.array([face.box_xywh for face in ordered])
    left = np.ones(len(ordered), bool)
    for number in range(len(ordered)):
        if left[number]:
            left[number + 1 :] &= ~_same_face(boxes[number + 1 :], boxes[number])
    return [ordered[number] for number in np.flatnonzero(left)]


def lies_on_another(face: Face, others: Sequence[Face]) -> bool:
    """Whether `face` is the same as one of the `others`, by its box."""
    boxes = np.array([other.box_xywh for other in others]).reshape(-1, 4)
    return bool(_same_face(boxes, np.array(face.box_xywh)).any())


def _same_face(boxes: npt.NDArray[np.float64], box: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which of `boxes`, (N, 4) x, y, width, height, lie on the same face as `box`, (4,)."""
    low = np.maximum(boxes[:, :2], box[:2])
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], box[:2] + box[2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = boxes[:, 2:].prod(axis=1)
    area = box[2] * box[3]
    overlapping = shared >= MAX_OVERLAP * (areas + area - shared)
    return np.asarray(overlapping | (shared >= MAX_COVERED * np.minimum(areas, area)))
