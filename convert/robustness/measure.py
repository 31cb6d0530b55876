"""Count faces found, and emotions named right, at every step of every degradation, on a seeded sample."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from convert.robustness.degradations import DEGRADATIONS, FACE_PX, HEIGHT, Box, Degradation
from edge.contract import INPUT_SIDE, LABELS
from edge.vision.classifier import Classifier
from edge.vision.detection import FaceDetector, GrayNet
from edge.vision.tracking import overlap
from train.data.faces import Faces
from train.data.fer2013 import load as load_faces
from train.detector.metrics import ground_truth
from train.detector.photos import Photo
from train.detector.photos import load as load_photos
from train.errors import DataError

SEED = 23
PHOTOS = 150  # of the sample: a step's share of faces found is good to some 3 points
FACES = 700  # a hundred of each emotion, where there are as many: accuracy is good to some 2 points
FRAME_WH = (640, 480)
LEAST_PHOTO_PX = 60.0  # height of the face in the photo, so that it is not enlarged by much
FOUND = 0.4  # intersection over union with the labelled box from which the face is found
WORKS = 0.9  # share of faces found and right at 96 px that must be left at the height from which "it works"


@dataclass(frozen=True)
class Step:
    """What is left at one step; shares from 0 to 1."""

    degradation: str
    unit: str
    step: float
    found: float
    accuracy: float


@dataclass(frozen=True)
class Robustness:
    photos: int
    faces: int
    steps: tuple[Step, ...]
    works_from_px: float
    """the smallest height of a face at which `WORKS` of what is found and right at the largest is left"""
    half_from_px: float
    """the smallest at which half of the faces are found"""


def measure(model: Path, data: str, photos: Path, graynet: Path) -> Robustness:
    """Degrade validation faces of FER2013 and held-out photos of `photos`, as `train fit-detector` takes them.

    Accuracy is the mean of the emotions' recalls, of crops as they are: on the device the detector's eyes turn a tilted
    face upright first. Raises DataError where there are none, ModelError.
    """
    classifier = Classifier.load(model)
    detector = GrayNet.load(graynet, min_face_px=1)
    frames = _frames(load_photos(photos).held_out)
    faces = _sampled(load_faces(data).split("validation"))
    steps = []
    for degradation, step in tqdm(list(_all_steps()), "degrading", leave=False, disable=None):
        found = _found(detector, frames, degradation, step)
        accuracy = _accuracy(classifier, faces, degradation, step)
        steps.append(Step(degradation.name, degradation.unit, step, found, accuracy))
    return judged(len(frames), len(faces), steps)


def judged(photos: int, faces: int, steps: list[Step]) -> Robustness:
    half = [step.step for step in steps if step.degradation == HEIGHT.name and step.found >= 0.5]
    return Robustness(photos, faces, tuple(steps), works_from(steps), min(half, default=math.nan))


def works_from(steps: list[Step]) -> float:
    """See `Robustness`."""
    heights = [step for step in steps if step.degradation == HEIGHT.name]
    reached = heights[0].step
    for step in heights:
        if step.found < WORKS * heights[0].found or step.accuracy < WORKS * heights[0].accuracy:
            break
        reached = step.step
    return reached


def _all_steps() -> Iterator[tuple[Degradation, float]]:
    for degradation in DEGRADATIONS:
        for step in degradation.steps:
            yield degradation, step


def _frames(photos: tuple[Photo, ...]) -> list[tuple[Photo, Box]]:
    """Photos with the largest of their faces, if it is large enough, `PHOTOS` at most."""
    large = []
    for photo in photos:
        rows = ground_truth(photo)
        if rows.any():
            boxes = photo.boxes[rows]
            x, y, width, height = boxes[boxes[:, 2:].prod(axis=1).argmax()].tolist()
            if height >= LEAST_PHOTO_PX:
                large.append((photo, (x, y, width, height)))
    if not large:
        raise DataError(
            f"expected held-out photos with a face of {LEAST_PHOTO_PX:.0f} px and more, found none of {len(photos)}"
        )
    order = np.random.default_rng(SEED).permutation(len(large))[:PHOTOS]
    return [large[index] for index in sorted(order)]


def _sampled(faces: Faces) -> Faces:
    """As many of each emotion, where there are as many."""
    rng = np.random.default_rng(SEED)
    rows = [rng.permutation(np.flatnonzero(faces.labels == label)) for label in range(len(LABELS))]
    chosen = np.concatenate([some[: FACES // len(LABELS)] for some in rows])
    if not len(chosen):
        raise DataError(
            "expected validation faces, found none", "give FER2013 with its PublicTest split"
        )
    return faces.take(np.sort(chosen))


def _found(
    detector: FaceDetector, frames: list[tuple[Photo, Box]], degradation: Degradation, step: float
) -> float:
    height_px = step if degradation is HEIGHT else FACE_PX
    found = 0
    for photo, place in frames:
        frame, box = framed(photo.gray, place, height_px)
        rng = np.random.default_rng([SEED, zlib.crc32(photo.path.name.encode())])
        worse = degradation.change(frame, box, step, rng)
        found += any(overlap(face.box_xywh, box) >= FOUND for face in detector.detect(worse))
    return found / len(frames)


def framed(gray: np.ndarray, box: Box, height_px: float) -> tuple[np.ndarray, Box]:
    """A frame of 640x480 with the face `height_px` high in its middle, and its box there; beyond the photo its edge
    goes on.
    """
    x, y, width, height = box
    scale = height_px / height
    middle = np.array([x + width / 2, y + height / 2])
    shrunk = gray
    while scale < 0.67:  # sampling alone would alias
        shrunk = cv2.resize(shrunk, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        middle = middle / 2
        scale *= 2
    move = np.array(FRAME_WH) / 2 - scale * middle
    matrix = np.array([[scale, 0, move[0]], [0, scale, move[1]]])
    frame = cv2.warpAffine(shrunk, matrix, FRAME_WH, borderMode=cv2.BORDER_REPLICATE)
    size = width * height_px / height, height_px
    return frame, (FRAME_WH[0] / 2 - size[0] / 2, FRAME_WH[1] / 2 - size[1] / 2, *size)


def _accuracy(classifier: Classifier, faces: Faces, degradation: Degradation, step: float) -> float:
    """Mean of the emotions' recalls."""
    named = []
    for number, image in enumerate(faces.images):
        worse = as_crop(image, degradation, step, np.random.default_rng([SEED, number]))
        named.append(int(np.argmax(classifier.classify(worse))))
    right = np.array(named) == faces.labels
    return float(
        np.mean([right[faces.labels == label].mean() for label in np.unique(faces.labels)])
    )


def as_crop(
    image: np.ndarray, degradation: Degradation, step: float, rng: np.random.Generator
) -> np.ndarray:
    """A crop of FER2013, (48, 48), as the device would cut it out of a degraded frame.

    Its square is taken to be as high as a box.
    """
    side = round(step if degradation is HEIGHT else FACE_PX)
    if degradation is HEIGHT and side >= INPUT_SIDE:
        return image  # FER2013 holds no more
    resized = cv2.resize(image, (side, side), interpolation=_interpolation(INPUT_SIDE, side))
    worse = degradation.change(resized, (0.0, 0.0, float(side), float(side)), step, rng)
    return cv2.resize(
        worse, (INPUT_SIDE, INPUT_SIDE), interpolation=_interpolation(side, INPUT_SIDE)
    )


def _interpolation(before: int, after: int) -> int:
    return cv2.INTER_AREA if after < before else cv2.INTER_LINEAR
