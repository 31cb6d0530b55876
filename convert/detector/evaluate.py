"""Evaluate the face detectors side by side on photos, and time them on the demo's frames."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile, read_image
from edge.vision.detection import Face, FaceDetector, GrayNet, Haar, YuNet
from edge.vision.detection.yunet import YUNET_THRESHOLD
from train.detector.metrics import (
    MIN_SCORE,
    Curve,
    as_frame,
    curve,
    frame_scale,
    ground_truth,
    overlaps,
)
from train.detector.photos import BOX_COLUMNS, BOXES, Photo, load
from train.detector.plots import save_recall
from train.errors import DataError

HELD_OUT = "held out"
HAAR_SCORE = 1.0  # of every box: it knows no other
REPEATS = 5  # of the demo
HEIGHTS_PX = (40, 48, 64, 96, 1000)  # limits of the classes of faces that recall is told for


@dataclass(frozen=True)
class Result:
    """One detector on one set of photos."""

    strict: Curve  # at IoU 0.5
    loose: Curve  # at IoU 0.3
    heights_px: np.ndarray  # (N,) of the faces, in a frame of 640x480
    eye_error: float  # median distance of found from labelled eyes, in distances between the eyes; NaN without labels


@dataclass(frozen=True)
class Candidate:
    """One detector, ready to be timed and to be evaluated at every threshold."""

    name: str
    used: FaceDetector
    """as the device runs it"""
    curve: FaceDetector
    """giving all boxes, down to a low score and the smallest size"""
    threshold: float


def compare(
    folder: Path, also: Path | None, graynet: Path, yunet: Path, picture: Path | None
) -> pd.DataFrame:
    """A row for each detector and set of photos: recall, false alarms, error of the eyes, time.

    `folder` as `train fit-detector` takes it, of which the held-out part counts; `also` is
    evaluated beside its backgrounds. YuNet is left out where there is no such file. Raises
    ModelError, DataError.
    """
    held_out = tuple(map(as_frame, load(folder).held_out))
    sets = {HELD_OUT: held_out}
    if also:
        backgrounds = [photo for photo in held_out if not len(photo.boxes)]
        sets[also.name] = (*map(as_frame, labelled(also)), *backgrounds)
    candidates = _candidates(graynet, yunet)
    taken_ms = milliseconds({one.name: one.used for one in candidates})
    rows = []
    curves = {}
    for place, photos in sets.items():
        for one in candidates:
            result = evaluate(one.curve, photos)
            about = {"photos": place, "detector": one.name, "threshold": one.threshold}
            measured = figures(result, one.threshold) | by_height(result, one.threshold)
            rows.append(about | measured | {"ms": round(taken_ms[one.name], 3)})
            if place == HELD_OUT:
                curves[one.name] = (result.strict, one.threshold)
    if picture:
        save_recall(curves, picture)
    return pd.DataFrame(rows)


def _candidates(graynet: Path, yunet: Path) -> list[Candidate]:
    ours = GrayNet.load(graynet)
    candidates = [
        Candidate(
            "graynet",
            ours,
            GrayNet.load(graynet, MIN_SCORE, min_face_px=1),
            ours.manifest.threshold,
        ),
        Candidate("haar", Haar(), Haar(min_face_px=1), HAAR_SCORE),
    ]
    if yunet.is_file():
        curve = YuNet(yunet, MIN_SCORE, min_face_px=1)
        candidates.append(Candidate("yunet", YuNet(yunet), curve, YUNET_THRESHOLD))
    return candidates


def labelled(folder: Path) -> tuple[Photo, ...]:
    """Photos with their boxes in boxes.csv; raises DataError where there are none."""
    try:
        table = pd.read_csv(folder / BOXES, usecols=["file", *BOX_COLUMNS])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder}: expected photos and {BOXES} with file,x,y,w,h, found: {error}",
            "give another folder, or write that table",
        ) from error
    return tuple(_unlandmarked(folder / str(name), rows) for name, rows in table.groupby("file"))


def evaluate(detector: FaceDetector, photos: Iterable[Photo]) -> Result:
    """Show `photos` to `detector`, which must give all boxes down to a low score."""
    found = []
    truth = []
    has_faces = []
    heights_px: list[float] = []
    errors: list[float] = []
    for photo in photos:
        faces = detector.detect(photo.gray)
        boxes = np.array([face.box_xywh for face in faces], np.float64).reshape(-1, 4)
        found.append((boxes, np.array([face.score for face in faces])))
        rows = ground_truth(photo)
        truth.append(photo.boxes[rows])
        has_faces.append(len(photo.boxes) > 0)
        heights_px += list(photo.boxes[rows, 3] * frame_scale(photo))
        errors += _eye_errors(boxes, _eyes(faces), photo.boxes[rows], photo.landmarks[rows])
    known = np.array(errors)[~np.isnan(errors)]
    eye_error = float(np.median(known)) if len(known) else float("nan")
    strict = curve(found, truth, 0.5, has_faces)
    loose = curve(found, truth, 0.3, has_faces)
    return Result(strict, loose, np.array(heights_px), eye_error)


def _eyes(faces: list[Face]) -> np.ndarray:
    """The eyes of each face, (N, 2, 2), NaN where the detector gives none."""
    unknown = np.full((2, 2), np.nan)
    return np.array([face.eyes or unknown for face in faces]).reshape(-1, 2, 2)


def figures(result: Result, threshold: float) -> dict[str, float]:
    """What `threshold` gives, rounded, as manifests and tables say it."""
    eyes = {} if np.isnan(result.eye_error) else {"eye_error": round(result.eye_error, 4)}
    return {
        "faces": len(result.strict.faces),
        "face_free_photos": result.strict.face_free,
        "recall_iou_0.5": round(result.strict.recall(threshold), 4),
        "recall_iou_0.3": round(result.loose.recall(threshold), 4),
        "false_alarms_per_500": round(result.strict.false_alarms(threshold), 2),
        **eyes,
    }


def by_height(result: Result, threshold: float) -> dict[str, float]:
    """Recall at IoU 0.5 of faces from one height to the next; NaN where there are none."""
    recalls = {}
    for low, high in pairwise(HEIGHTS_PX):
        between = (result.heights_px >= low) & (result.heights_px < high)
        found = result.strict.faces[between] >= threshold
        recall = round(float(found.mean()), 4) if len(found) else float("nan")
        recalls[f"recall_{low}_to_{high}_px"] = recall
    return recalls


def milliseconds(detectors: dict[str, FaceDetector]) -> dict[str, float]:
    """Median time of a whole call on the demo's 640x480 frames, by turns, on one thread."""
    cv2.setNumThreads(1)
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)]
    taken_ms: dict[str, list[float]] = {name: [] for name in detectors}
    for _ in range(REPEATS):
        for name, detector in detectors.items():
            for frame in frames:
                start_s = time.perf_counter()
                detector.detect(frame)
                taken_ms[name].append(1000 * (time.perf_counter() - start_s))
    return {name: statistics.median(times_ms) for name, times_ms in taken_ms.items()}


def _unlandmarked(path: Path, rows: pd.DataFrame) -> Photo:
    count = len(rows)
    boxes = rows[BOX_COLUMNS].to_numpy(np.float32)
    scores = np.ones(count, np.float32)
    landmarks = np.full((count, 10), np.nan, np.float32)
    return Photo(path, read_image(path), boxes, scores, landmarks)


def _eye_errors(
    boxes: np.ndarray, eyes: np.ndarray, truth: np.ndarray, landmarks: np.ndarray
) -> list[float]:
    """Mean distance of both eyes at each labelled face that is met, in distances between the
    labelled eyes.
    """
    if not len(boxes) or not len(truth):
        return []
    shared = overlaps(truth, boxes)
    best = shared.argmax(axis=1)
    met = shared.max(axis=1) >= 0.5
    known = landmarks[met, :4].reshape(-1, 2, 2)
    left_first = known[:, :, :1].argsort(axis=1)
    known = np.take_along_axis(known, left_first, axis=1)
    apart = np.linalg.norm(known[:, 0] - known[:, 1], axis=1)
    distances = np.linalg.norm(eyes[best[met]] - known, axis=2).mean(axis=1)
    return list((distances / apart).tolist())
