"""How many of the labelled faces a detector finds, and what else it takes for one. NumPy alone."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.contract import COPY_WIDTH_PX
from train.detector.photos import Photo
from train.detector.scenes.framing import CERTAIN

FRAME_WIDTH_PX = 640  # of the 4:3 camera frames that photos stand for
MIN_FACE_PX = 40.0  # height in such a frame: what the detector is made for
WIDTH = COPY_WIDTH_PX
HEIGHT = COPY_WIDTH_PX * 3 // 4
MIN_SCORE = 0.02  # score from which on the curve is drawn
FALSE_ALARMS = 1.0  # on `FACE_FREE_PHOTOS` face-free photos: thresholds are chosen for it
FACE_FREE_PHOTOS = 500  # face-free photos that false alarms are counted on


@dataclass(frozen=True)
class Curve:
    """Best score at each face, and of each false alarm; counting them from any threshold gives
    the curve.
    """

    faces: np.ndarray  # (N,) score of the best box that meets the face, 0 where none does
    alarms: np.ndarray  # (M,)
    face_free: int  # photos

    def recall(self, threshold: float) -> float:
        return float((self.faces >= threshold).mean())

    def false_alarms(self, threshold: float) -> float:
        """For `FACE_FREE_PHOTOS` face-free photos."""
        return float((self.alarms >= threshold).sum() * FACE_FREE_PHOTOS / self.face_free)

    def precision(self, threshold: float) -> float:
        """Of the boxes that meet a face or are false alarms; 1 where there are none."""
        hits = int((self.faces >= threshold).sum())
        alarms = int((self.alarms >= threshold).sum())
        return hits / (hits + alarms) if hits + alarms else 1.0

    def threshold(self, false_alarms: float) -> float:
        """The lowest, in hundredths, at which there are no more false alarms."""
        for hundredths in range(2, 101):
            if self.false_alarms(hundredths / 100) <= false_alarms:
                break
        return hundredths / 100


def fitted(photo: Photo) -> Photo:
    """The photo as large as the device's copy of a frame holds it."""
    height, width = photo.gray.shape
    photo = _resized(photo, min(HEIGHT / height, WIDTH / width))
    height, width = photo.gray.shape
    canvas = cv2.copyMakeBorder(
        photo.gray, 0, HEIGHT - height, 0, WIDTH - width, cv2.BORDER_REPLICATE
    )
    return replace(photo, gray=canvas)


def as_frame(photo: Photo) -> Photo:
    """The photo as a camera shows it: enlarged to the area of 640x480, or as large as it is."""
    return _resized(photo, max(1.0, frame_scale(photo)))


def ground_truth(photo: Photo) -> np.ndarray:
    """Which of the photo's faces, (N,) bool, a detector is to find."""
    return (photo.scores >= CERTAIN) & (photo.boxes[:, 3] * frame_scale(photo) >= MIN_FACE_PX)


def frame_scale(photo: Photo) -> float:
    """What brings it to the area of a camera's frame."""
    return FRAME_WIDTH_PX * math.sqrt(0.75 / photo.gray.size)


def _resized(photo: Photo, scale: float) -> Photo:
    size = (round(photo.gray.shape[1] * scale), round(photo.gray.shape[0] * scale))
    gray = cv2.resize(
        photo.gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return replace(photo, gray=gray, boxes=photo.boxes * scale, landmarks=photo.landmarks * scale)


def curve(
    found: list[tuple[np.ndarray, np.ndarray]],
    labelled: list[np.ndarray],
    least_iou: float,
    has_faces: list[bool],
) -> Curve:
    """Compare for each photo the boxes and scores `found`, (M, 4) and (M,), with those
    `labelled`, (N, 4).
    """
    faces = []
    alarms = []
    for (boxes, scores), truth, with_faces in zip(found, labelled, has_faces, strict=True):
        if not with_faces:
            alarms.append(scores)
        elif len(truth):
            met = overlaps(truth, boxes) >= least_iou
            faces.append(np.max(np.where(met, scores, 0.0), axis=1, initial=0.0))
    return Curve(np.concatenate(faces), np.concatenate(alarms), len(alarms))


def overlaps(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of (N, 4) and (M, 4) boxes x, y, width, height: (N, M)."""
    some_end = some[:, :2] + some[:, 2:]
    others_end = others[:, :2] + others[:, 2:]
    low = np.maximum(some[:, np.newaxis, :2], others[np.newaxis, :, :2])
    high = np.minimum(some_end[:, np.newaxis], others_end[np.newaxis])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    some_area = some[:, 2:].prod(axis=1)[:, np.newaxis]
    others_area = others[:, 2:].prod(axis=1)[np.newaxis]
    return shared / (some_area + others_area - shared)
