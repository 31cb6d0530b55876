"""Read pictures of faces that lie in folders: the split and the emotion are the folders' names."""

from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from edge.contract import INPUT_SIDE, LABELS
from train.config import SPLITS
from train.data.faces import Fer2013, stacked
from train.data.reading.table import USAGES, read_csv
from train.errors import DataError

CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


def read_folder(folder: Path) -> Fer2013:
    """Read the Kaggle layout or the challenge's CSV, wherever in `folder` it lies."""
    roots = sorted(
        {found.parent for found in folder.glob("**/train") if found.is_dir()}, key=lambda root: len(root.parts)
    )
    if roots:
        return _read_kaggle(roots[0])
    for name in CSV_NAMES:
        for found in sorted(folder.glob(f"**/{name}")):
            return read_csv(found)
    if any(child.is_dir() and child.name.lower() in LABELS for child in folder.iterdir()):
        return _read_own(folder)
    raise DataError(
        f"{folder}: expected {' or '.join(CSV_NAMES)}, train/<emotion>/ and test/<emotion>/, or <emotion>/; found none"
    )


def _read_own(folder: Path) -> Fer2013:
    """Read `<emotion>/*.jpg`, square face crops of any size, as a test split."""
    files = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in IMAGE_SUFFIXES)
    images = [_read_image(path) for path in files]
    empty = stacked([], [])
    return Fer2013(empty, empty, stacked(images, [_kaggle_label(path) for path in files]))


def _read_kaggle(root: Path) -> Fer2013:
    images: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    labels: dict[str, list[int]] = {split: [] for split in SPLITS}
    files = sorted(
        path
        for path in root.glob("*/*/*")
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")  # ._a.jpg: notes of macOS
    )
    for path in tqdm(files, desc="reading faces", unit="face", disable=None):
        split = _kaggle_split(path)
        images[split].append(_read_image(path))
        labels[split].append(_kaggle_label(path))
    if not files:
        raise DataError(f"{root}: no images; expected train/<emotion>/*.jpg with the emotions {', '.join(LABELS)}")
    return Fer2013(*(stacked(images[split], labels[split]) for split in SPLITS))


def _kaggle_split(path: Path) -> str:
    """The file's own prefix (PublicTest_1.jpg) says it, else its folder."""
    usage = path.name.split("_")[0]
    if usage in USAGES:
        return USAGES[usage]
    folder = path.parent.parent.name
    aliases = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
    if folder not in aliases:
        raise DataError(f"{path}: expected it below train/, validation/ or test/, found {folder}/")
    return aliases[folder]


def _kaggle_label(path: Path) -> int:
    name = path.parent.name.lower()
    if name not in LABELS:
        raise DataError(f"{path.parent}: unknown emotion {name!r}; expected one of {', '.join(LABELS)}")
    return LABELS.index(name)


def _read_image(path: Path) -> np.ndarray:
    content = np.fromfile(path, np.uint8)
    image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if len(content) else None  # `imread` fills a cut JPEG with gray
    if image is None:
        raise DataError(f"{path}: not a readable image; remove it or copy it again")
    if image.shape[0] != image.shape[1]:
        raise DataError(f"{path}: expected a square crop of a face, found {image.shape[1]}x{image.shape[0]} pixels")
    return cv2.resize(image, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_AREA)
