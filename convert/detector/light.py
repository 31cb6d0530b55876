"""Evaluate a face detector on the dark set: faces found in each kind of bad light, and its false alarms there."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from convert.detector.dark import AS_IT_IS, LIGHTS, dark_set
from edge.vision.detection import FaceDetector, GrayNet
from train.detector.metrics import FACE_FREE_PHOTOS, ground_truth, overlaps
from train.detector.photos import Photo, load

LEAST_IOU = 0.5
SHEET_ROWS = 8
TILE_WH = (200, 150)


@dataclass(frozen=True)
class LightResult:
    """One kind of copies."""

    kind: str
    faces: int
    found: int
    face_free: int
    alarms: tuple[tuple[str, float], ...]
    """file and score of each, in photos without a face"""

    @property
    def recall(self) -> float:
        return self.found / self.faces if self.faces else float("nan")

    @property
    def alarms_on_500(self) -> float:
        return (
            len(self.alarms) * FACE_FREE_PHOTOS / self.face_free if self.face_free else float("nan")
        )


def evaluate_in_bad_light(
    folder: Path, graynet: Path, sheet: Path | None = None
) -> list[LightResult]:
    """A row for each kind, the photos as they are first; draws some of the copies into `sheet`, if given.

    `folder` as `train fit-detector` takes it, of which the held-out part counts. Raises ModelError, DataError.
    """
    detector = GrayNet.load(graynet, min_face_px=1)
    copies = dark_set(load(folder).held_out)
    if sheet:
        save_sheet(copies, sheet)
    return [_evaluate(kind, photos, detector) for kind, photos in copies.items()]


def _evaluate(kind: str, photos: list[Photo], detector: FaceDetector) -> LightResult:
    faces = found = face_free = 0
    alarms = []
    for photo in photos:
        seen = detector.detect(photo.gray)
        if len(photo.boxes):
            truth = _inside(photo.boxes[ground_truth(photo)], photo.gray.shape)
            boxes = _inside(
                np.array([face.box_xywh for face in seen]).reshape(-1, 4), photo.gray.shape
            )
            faces += len(truth)
            found += int((overlaps(truth, boxes) >= LEAST_IOU).any(axis=1).sum())
        else:
            face_free += 1
            alarms += [(photo.path.name, round(face.score, 2)) for face in seen]
    return LightResult(kind, faces, found, face_free, tuple(alarms))


def _inside(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The parts of `boxes`, (N, 4), inside the frame: of a face that its edge cuts, nobody knows the rest."""
    low = np.maximum(boxes[:, :2], 0)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:], shape[::-1])
    return np.concatenate([low, np.maximum(high - low, 0)], axis=1)


def table(rows: list[LightResult]) -> str:
    """For the command to print: each kind, all bad light together, and the names of the false alarms."""
    in_bad_light = [row for row in rows if row.kind in LIGHTS]
    lines = [
        f"{'':18}{'faces':>7}{'found':>9}{'missed':>8}{'false alarms on 500 face-free photos':>40}"
    ]
    for row in [*rows, _together(in_bad_light)]:
        alarms = f"{row.alarms_on_500:.1f}" if row.face_free else "-"
        lines.append(
            f"{row.kind:18}{row.faces:7}{row.recall:9.1%}{row.faces - row.found:8}{alarms:>40}"
        )
    for row in rows:
        for name, score in row.alarms:
            lines.append(f"taken for a face, {row.kind}: {name} ({score:.2f})")
    return "\n".join(lines)


def _together(rows: list[LightResult]) -> LightResult:
    faces = 0
    found = 0
    face_free = 0
    alarms: list[tuple[str, float]] = []
    for row in rows:
        faces += row.faces
        found += row.found
        face_free += row.face_free
        alarms += row.alarms
    return LightResult("all bad light", faces, found, face_free, tuple(alarms))


def save_sheet(copies: dict[str, list[Photo]], path: Path) -> None:
    """A row a photo, a column a kind, with the labelled boxes; photos that have all kinds come first."""
    by_name: dict[str, dict[str, Photo]] = {}
    """the copies of each photo, by its file and their kind"""
    for kind, photos in copies.items():
        for photo in photos:
            by_name.setdefault(photo.path.name, {})[kind] = photo
    people = [photo.path.name for photo in copies[AS_IT_IS] if len(photo.boxes)]
    people.sort(key=lambda name: -len(by_name[name]))
    whole = [name for name in people if len(by_name[name]) == len(copies)]
    step = max(1, len(whole) // SHEET_ROWS)
    rows = []
    for name in people[::step][:SHEET_ROWS]:
        tiles = [_tile(by_name[name].get(kind)) for kind in copies]
        rows.append(np.hstack(tiles))
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise OSError(f"{path}: cannot be written; expected a name that ends in .png")


def _tile(photo: Photo | None) -> np.ndarray:
    width, height = TILE_WH
    tile = np.full((height, width), 128, np.uint8)
    if photo is None:
        return tile
    scale = min(width / photo.gray.shape[1], height / photo.gray.shape[0])
    small = cv2.resize(photo.gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for box in photo.boxes[ground_truth(photo)]:
        x, y, box_width, box_height = np.round(box * scale).astype(int).tolist()
        cv2.rectangle(small, (x, y), (x + box_width, y + box_height), [255], 1)
    tile[: small.shape[0], : small.shape[1]] = small[:height, :width]
    return tile
