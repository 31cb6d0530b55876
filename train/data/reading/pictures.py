"""Find the pictures below a folder, and read one as a face."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.contract import INPUT_SIDE
from train.data.reading.names import left_behind
from train.errors import DataError

PICTURES = {
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".bmp",
    ".webp",
    ".tif",
    ".tiff",
    ".gif",
    ".pgm",
    ".ppm",
}
PICTURES |= {".avif", ".heic", ".heif", ".jp2"}  # where OpenCV cannot read one, it is named
PAPERS = {
    ".txt",
    ".md",
    ".csv",
    ".json",
    ".xml",
    ".html",
    ".pdf",
    ".py",
    ".ipynb",
    ".npy",
    ".npz",
    ".yaml",
    ".yml",
}


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file below `folder`, links followed, but for what systems leave behind."""
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        here = Path(place)
        folders[:] = sorted(name for name in folders if not left_behind(Path(name)))
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        for name in sorted(names):
            path = here / name
            if not left_behind(path) and path.is_file():
                yield path


def read_gray(path: Path) -> np.ndarray:
    """Read a picture, (H, W) uint8. Raises DataError where it cannot be read."""
    content = np.fromfile(path, np.uint8)
    try:
        # from memory: `imread` fills a cut JPEG with gray
        image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if len(content) else None
    except cv2.error as error:  # a header that promises too many pixels
        raise DataError(
            f"{path}: not a readable image ({error.err})", "remove it or copy it again"
        ) from error
    if image is None:
        raise DataError(
            f"{path}: not a readable image", "copy it again, turn it into PNG or JPEG, or remove it"
        )
    return image


def read_face(path: Path) -> np.ndarray:
    """Read a square crop of a face, of any size, as (48, 48) uint8.

    Raises DataError for another picture.
    """
    image = read_gray(path)
    height, width = image.shape
    if height != width:
        raise DataError(
            f"{path}: expected a square crop of a face, found {width}x{height} pixels",
            "cut the face out, as wide as high",
        )
    return cv2.resize(image, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
