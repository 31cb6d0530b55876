"""Count faces found, and emotions named right, at every step of every degradation, on a seeded sample."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from convert.classes import classes_of_file
from convert.robustness.degradations import DEGRADATIONS, FACE_PX, HEIGHT, Box, Degradation
from convert.robustness.sample import SEED, as_crop, faces_of, framed, frames_of
from edge.vision.bad_light import clear_crop
from edge.vision.classifier import Classifier
from edge.vision.detection import FaceDetector, GrayNet
from edge.vision.tracking import overlap
from train.data.faces import Faces
from train.data.fer2013 import in_classes
from train.data.fer2013 import load as load_faces
from train.detector.photos import Photo
from train.detector.photos import load as load_photos

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


def measure(
    model: Path, data: str, split: str, photos: Path, graynet: Path, labels: str | None = None
) -> Robustness:
    """Degrade faces of `data` and held-out photos of `photos`, as `train fit-detector` takes them.

    Accuracy is the mean of the classes' recalls, of crops that are made clear as on the device, but not turned: there
    the detector's eyes turn a tilted face upright first. `labels` are the model's classes, where it does not say them
    itself. Raises DataError where there are no faces or photos, ModelError, UsageError.
    """
    classifier = Classifier.load(model)
    classes = classes_of_file(classifier.manifest, model, labels)
    detector = GrayNet.load(graynet, min_face_px=1)
    frames = frames_of(load_photos(photos).held_out)
    faces = faces_of(in_classes(load_faces(data), classes).split(split))
    steps = []
    for degradation, step in tqdm(list(_all_steps()), "degrading", leave=False, disable=None):
        found = _found(detector, frames, degradation, step)
        accuracy = _accuracy(classifier, faces, degradation, step)
        steps.append(Step(degradation.name, degradation.unit, step, found, accuracy))
    return sum_up(len(frames), len(faces), steps)


def sum_up(photos: int, faces: int, steps: list[Step]) -> Robustness:
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


def _accuracy(classifier: Classifier, faces: Faces, degradation: Degradation, step: float) -> float:
    """Mean of the emotions' recalls."""
    named = []
    for number, image in enumerate(faces.images):
        worse = as_crop(image, degradation, step, np.random.default_rng([SEED, number]))
        named.append(int(np.argmax(classifier.classify(clear_crop(worse)))))
    right = np.array(named) == faces.labels
    return float(
        np.mean([right[faces.labels == label].mean() for label in np.unique(faces.labels)])
    )
