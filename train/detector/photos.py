"""Photos of people with their faces' boxes and landmarks, and photos without a face; some held
out.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
from tqdm import tqdm

from train.data.reading.names import left_behind
from train.data.reading.pictures import PICTURES, read_gray
from train.errors import DataError

PEOPLE = "people"
BACKGROUND = "background"
BOXES = "boxes.csv"
SOURCES = "sources.toml"
SHIPPED_SOURCES = Path(__file__).with_name(SOURCES)
HELD_OUT_SHARE = 0.1  # of the photos, where no source is held out
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
    weight: float = 1.0  # how often it is drawn, in times of others


@dataclass(frozen=True)
class Photos:
    """What is learned from, and what is only evaluated on; people and backgrounds in both."""

    training: tuple[Photo, ...]
    held_out: tuple[Photo, ...]


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of the sources of photos, by the first part of their files' names."""

    held_out: dict[str, list[str]] = {}
    weights: dict[str, float] = {}


logger = logging.getLogger(__name__)


def load(folder: Path) -> Photos:
    """Read people/, background/ and boxes.csv of `folder`.

    Raises DataError where they are missing, no photos, or too few of them to hold some out.
    """
    table = _boxes(folder / BOXES)
    sources = _sources(folder)
    rows = dict(tuple(table.groupby("file")))
    parts: dict[bool, list[Photo]] = {True: [], False: []}
    for kind in (PEOPLE, BACKGROUND):
        paths = _photos(folder / kind)
        held_out = _held_out(sources.held_out.get(kind, []), paths)
        if not 0 < len(held_out) < len(paths):
            raise DataError(
                f"{folder / kind}: expected photos to learn from and to hold out, found {len(paths)}",
                f"put PNG or JPEG files there; {SOURCES} says what is held out",
            )
        for path in tqdm(paths, kind, leave=False, disable=None):
            photo = _photo(
                path, rows.get(path.name, table.iloc[:0]), sources.weights.get(_source(path), 1.0)
            )
            parts[path in held_out].append(photo)
    return Photos(tuple(parts[False]), tuple(parts[True]))


def _sources(folder: Path) -> Sources:
    """Read sources.toml of `folder`, else the one of the shipped model's photos."""
    path = folder / SOURCES
    if not path.is_file():
        path = SHIPPED_SOURCES
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Sources)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(
            f"{path}: not readable ({error})",
            f"write tables like those of {SHIPPED_SOURCES}, or remove it",
        ) from error


def _photos(folder: Path) -> list[Path]:
    """The photos in `folder`, by name; what is left out is said."""
    files = sorted(path for path in folder.glob("*") if path.is_file() and not left_behind(path))
    photos = [path for path in files if path.suffix.lower() in PICTURES]
    if len(photos) < len(files):
        logger.warning(
            "%s: %d files are no photos by their suffix; left out", folder, len(files) - len(photos)
        )
    return photos


def _source(path: Path) -> str:
    return path.name.split("_")[0]


def _held_out(sources: list[str], paths: list[Path]) -> set[Path]:
    """The photos of `sources`, else the last tenth by name: neighbours resemble each other too."""
    known = [path for path in paths if _source(path) in sources]
    return set(known or paths[len(paths) - math.ceil(HELD_OUT_SHARE * len(paths)) :])


def _boxes(path: Path) -> pd.DataFrame:
    columns = ["file", *BOX_COLUMNS, "score", *LANDMARK_COLUMNS]
    try:
        return pd.read_csv(path, usecols=columns)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected a table with the columns {', '.join(columns)}, found: {error}",
            "train/README.md says how it is written",
        ) from error


def _photo(path: Path, rows: pd.DataFrame, weight: float) -> Photo:
    boxes = rows[BOX_COLUMNS].to_numpy(np.float32)
    scores = rows["score"].to_numpy(np.float32)
    landmarks = rows[LANDMARK_COLUMNS].to_numpy(np.float32)
    return Photo(path, read_gray(path), boxes, scores, landmarks, weight)
