"""Judge the face detectors side by side on photos, and time them on the demo's frames."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from edge.cameras import DEMO
from edge.cameras.files import VideoFile, read_image
from edge.detection import FaceDetector
from train.data import DataError
from train.detector.judge import Curve, curve, overlaps
from train.detector.photos import BACKGROUND, BOX_COLUMNS, PEOPLE, Photo, load
from train.detector.scenes import CERTAIN

FRAME_AREA = 320 * 240  # px of the reduced copy that the detectors look at
MIN_FACE_PX = 20.0  # height there, 40 in 640x480: what the detectors are made for
REPEATS = 5  # of the demo


@dataclass(frozen=True)
class Result:
    """One detector on one set of photos."""

    strict: Curve  # at IoU 0.5
    loose: Curve  # at IoU 0.3
    eye_error: float  # median distance of found from labelled eyes, in distances between the eyes; NaN without labels


def held_out(folder: Path) -> tuple[Photo, ...]:
    """The part of the training photos that no training has seen; a plain folder with boxes.csv is taken whole.

    Raises DataError where there are no photos.
    """
    if (folder / PEOPLE).is_dir():
        return load(folder).held_out
    table = pd.read_csv(folder / "boxes.csv")
    photos = [_unlandmarked(folder / str(name), rows) for name, rows in table.groupby("file")]
    if not photos:
        raise DataError(f"{folder}: expected photos and boxes.csv (file,x,y,w,h)")
    return tuple(photos)


def backgrounds(folder: Path) -> tuple[Photo, ...]:
    """The held-out photos without a face."""
    return tuple(photo for photo in load(folder).held_out if photo.path.parent.name == BACKGROUND)


def judge(detector: FaceDetector, photos: Iterable[Photo]) -> Result:
    """Show `photos` to `detector`, which must give all boxes down to a low score."""
    found, wanted, peopled, errors = [], [], [], []
    for photo in photos:
        faces = detector.detect(photo.gray)
        boxes = np.array([face.box_xywh for face in faces], np.float64).reshape(-1, 4)
        found.append((boxes, np.array([face.score for face in faces])))
        sought = (photo.scores >= CERTAIN) & (photo.boxes[:, 3] * _reduction(photo.gray) >= MIN_FACE_PX)
        wanted.append(photo.boxes[sought])
        peopled.append(len(photo.boxes) > 0)
        eyes = np.array([face.eyes or np.full((2, 2), np.nan) for face in faces]).reshape(-1, 2, 2)
        errors += _eye_errors(boxes, eyes, photo.boxes[sought], photo.landmarks[sought])
    known = [error for error in errors if not np.isnan(error)]
    strict, loose = (curve(found, wanted, iou, peopled) for iou in (0.5, 0.3))
    return Result(strict, loose, float(np.median(known)) if known else float("nan"))


def milliseconds(detectors: dict[str, FaceDetector]) -> dict[str, float]:
    """Median time of a whole call on the demo's 640x480 frames, by turns, on one thread."""
    cv2.setNumThreads(1)
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)]
    taken: dict[str, list[float]] = {name: [] for name in detectors}
    for _ in range(REPEATS):
        for name, detector in detectors.items():
            for frame in frames:
                start = time.perf_counter()
                detector.detect(frame)
                taken[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def _unlandmarked(path: Path, rows: pd.DataFrame) -> Photo:
    count = len(rows)
    boxes = rows[BOX_COLUMNS].to_numpy(np.float32)
    return Photo(path, read_image(path), boxes, np.ones(count, np.float32), np.full((count, 10), np.nan, np.float32))


def _reduction(gray: np.ndarray) -> float:
    return min(1.0, float(np.sqrt(FRAME_AREA / gray.size)))


def _eye_errors(boxes: np.ndarray, eyes: np.ndarray, wanted: np.ndarray, landmarks: np.ndarray) -> list[float]:
    """Mean distance of both eyes at each wanted face that is met, in distances between the labelled eyes."""
    if not len(boxes) or not len(wanted):
        return []
    shared = overlaps(wanted, boxes)
    best, met = shared.argmax(axis=1), shared.max(axis=1) >= 0.5
    labelled = landmarks[met, :4].reshape(-1, 2, 2)
    labelled = np.take_along_axis(labelled, labelled[:, :, :1].argsort(axis=1), axis=1)  # the left one first
    apart = np.linalg.norm(labelled[:, 0] - labelled[:, 1], axis=1)
    return list((np.linalg.norm(eyes[best[met]] - labelled, axis=2).mean(axis=1) / apart).tolist())
