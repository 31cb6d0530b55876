"""Judge the face detectors side by side on photos, and time them on the demo's frames."""

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
from edge.cameras.files import VideoFile, read_image
from edge.vision.detection import FaceDetector, GrayNet, Haar, YuNet
from edge.vision.detection.yunet import YUNET_THRESHOLD
from train.detector.metrics import LOWEST, Curve, as_frame, curve, frame_scale, overlaps, sought
from train.detector.photos import BOX_COLUMNS, Photo, load
from train.detector.plots import save_recall
from train.errors import DataError

REPEATS = 5  # of the demo
HEIGHTS_PX = (40, 48, 64, 96, 1000)  # limits of the classes of faces that recall is told for


@dataclass(frozen=True)
class Result:
    """One detector on one set of photos."""

    strict: Curve  # at IoU 0.5
    loose: Curve  # at IoU 0.3
    heights_px: np.ndarray  # (N,) of the faces, in a frame of 640x480
    eye_error: float  # median distance of found from labelled eyes, in distances between the eyes; NaN without labels


def compare(folder: Path, also: Path | None, graynet: Path, yunet: Path, picture: Path | None) -> pd.DataFrame:
    """A row for each detector and set of photos: recall, false alarms, error of the eyes, time.

    `folder` as `train fit-detector` takes it, of which the held-out part counts; `also` is judged beside its backgrounds.
    YuNet is left out where there is no such file. Raises ModelError, DataError.
    """
    sets = {"held out": tuple(map(as_frame, load(folder).held_out))}
    if also:
        sets[also.name] = (
            *map(as_frame, labelled(also)),
            *(photo for photo in sets["held out"] if not len(photo.boxes)),
        )
    ours = GrayNet.load(graynet)
    used: dict[str, FaceDetector] = {"graynet": ours, "haar": Haar()}
    curves: dict[str, FaceDetector] = {
        "graynet": GrayNet.load(graynet, LOWEST, min_face_px=1),
        "haar": Haar(min_face_px=1),
    }
    thresholds = {"graynet": ours.manifest.threshold, "haar": 1.0}
    if yunet.is_file():
        used["yunet"], curves["yunet"] = YuNet(yunet), YuNet(yunet, LOWEST, min_face_px=1)
        thresholds["yunet"] = YUNET_THRESHOLD
    taken = milliseconds(used)
    rows = []
    for place, photos in sets.items():
        results = {name: judge(detector, photos) for name, detector in curves.items()}
        for name, result in results.items():
            about = {"photos": place, "detector": name, "threshold": thresholds[name]}
            measured = figures(result, thresholds[name]) | by_height(result, thresholds[name])
            rows.append(about | measured | {"ms": round(taken[name], 3)})
        if picture and place == "held out":
            save_recall({name: (result.strict, thresholds[name]) for name, result in results.items()}, picture)
    return pd.DataFrame(rows)


def labelled(folder: Path) -> tuple[Photo, ...]:
    """Photos with their boxes in boxes.csv; raises DataError where there are none."""
    try:
        table = pd.read_csv(folder / "boxes.csv", usecols=["file", *BOX_COLUMNS])
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: expected photos and boxes.csv with file,x,y,w,h: {error}") from error
    return tuple(_unlandmarked(folder / str(name), rows) for name, rows in table.groupby("file"))


def judge(detector: FaceDetector, photos: Iterable[Photo]) -> Result:
    """Show `photos` to `detector`, which must give all boxes down to a low score."""
    found, wanted, peopled, heights, errors = [], [], [], [], []
    for photo in photos:
        faces = detector.detect(photo.gray)
        boxes = np.array([face.box_xywh for face in faces], np.float64).reshape(-1, 4)
        found.append((boxes, np.array([face.score for face in faces])))
        faces_sought = sought(photo)
        wanted.append(photo.boxes[faces_sought])
        peopled.append(len(photo.boxes) > 0)
        heights += list(wanted[-1][:, 3] * frame_scale(photo))
        eyes = np.array([face.eyes or np.full((2, 2), np.nan) for face in faces]).reshape(-1, 2, 2)
        errors += _eye_errors(boxes, eyes, wanted[-1], photo.landmarks[faces_sought])
    known = [error for error in errors if not np.isnan(error)]
    strict, loose = (curve(found, wanted, iou, peopled) for iou in (0.5, 0.3))
    return Result(strict, loose, np.array(heights), float(np.median(known)) if known else float("nan"))


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
        scores = result.strict.faces[(result.heights_px >= low) & (result.heights_px < high)]
        recalls[f"recall_{low}_to_{high}_px"] = round(float(np.mean(scores >= threshold)), 4) if len(scores) else np.nan
    return recalls


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
