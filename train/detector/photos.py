"""Photos of people with their faces' boxes and landmarks, and photos without a face; some held out."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from train.errors import DataError

PEOPLE, BACKGROUND, BOXES = "people", "background", "boxes.csv"
HELD_OUT = {
    PEOPLE: ("f18", "humseg", "pyladies"),
    BACKGROUND: ("imnet",),
}  # whole sources of ours, by the name's first part: their photos resemble each other
HELD_OUT_SHARE = 0.1  # of other collections: the last ones by name, for the same reason
POINTS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
BOX_COLUMNS = ["x", "y", "w", "h"]
LANDMARK_COLUMNS = [f"{point}_{axis}" for point in POINTS for axis in "xy"]


@dataclass(frozen=True)
class Photo:
    """A gray photo and its N faces, in its pixels; N is 0 for a background."""

    path: Path
    gray: np.ndarray  # (H, W) uint8
    boxes: np.ndarray  # (N, 4) float32: x, y, width, height
    scores: np.ndarray  # (N,) float32: how sure the teacher is
    landmarks: np.ndarray  # (N, 10) float32: x, y of `POINTS`, the person's right and left


@dataclass(frozen=True)
class Photos:
    """What is learned from, and what is only judged on; people and backgrounds in both."""

    training: tuple[Photo, ...]
    held_out: tuple[Photo, ...]


def load(folder: Path) -> Photos:
    """Read people/, background/ and boxes.csv of `folder`.

    Raises DataError where they are missing, no photos, or too few of them to hold some out.
    """
    table = _boxes(folder / BOXES)
    rows = dict(tuple(table.groupby("file")))
    parts: dict[bool, list[Photo]] = {True: [], False: []}
    for kind in (PEOPLE, BACKGROUND):
        paths = sorted((folder / kind).glob("*.jpg"))
        held_out = _held_out(kind, paths)
        if not 0 < len(held_out) < len(paths):
            raise DataError(f"{folder / kind}: expected JPEG photos to learn from and to hold out, found {len(paths)}")
        for path in tqdm(paths, kind, leave=False, disable=None):
            parts[path in held_out].append(_photo(path, rows.get(path.name, table.iloc[:0])))
    return Photos(tuple(parts[False]), tuple(parts[True]))


def _held_out(kind: str, paths: list[Path]) -> set[Path]:
    known = [path for path in paths if path.name.split("_")[0] in HELD_OUT[kind]]
    return set(known or paths[len(paths) - math.ceil(HELD_OUT_SHARE * len(paths)) :])


def _boxes(path: Path) -> pd.DataFrame:
    wanted = ["file", *BOX_COLUMNS, "score", *LANDMARK_COLUMNS]
    try:
        return pd.read_csv(path, usecols=wanted)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected a table with the columns {', '.join(wanted)}: {error}") from error


def _photo(path: Path, rows: pd.DataFrame) -> Photo:
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise DataError(f"{path}: not a photo that OpenCV can read")
    columns = (rows[names].to_numpy(np.float32) for names in (BOX_COLUMNS, "score", LANDMARK_COLUMNS))
    return Photo(path, gray, *columns)
