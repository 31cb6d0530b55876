"""Read pictures of faces that lie in folders: the names of the folders are the split and the emotion."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge.contract import LABELS
from train.config import SPLITS
from train.data.faces import Fer2013, stacked
from train.data.reading import names
from train.data.reading.pictures import PAPERS, PICTURES, files_below, read_face
from train.data.reading.table import CSV_NAMES, USAGES, holds_faces, read_csv
from train.errors import DataError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """A file, and what the folders above it say of it."""

    path: Path
    root: tuple[str, ...]
    """The folders above the split's and the emotion's."""
    split: str | None
    label: int | None


def read_folder(folder: Path) -> Fer2013:
    """Read pictures below `<split>/<emotion>/`, a table of faces, or pictures below `<emotion>/` alone.

    They may lie at any depth. Pictures without a split are a test split. Raises DataError where `folder` holds
    none of these, or a picture whose emotion or split cannot be told.
    """
    files = list(files_below(folder))
    found = [_placed(path, folder) for path in files if path.suffix.lower() not in PAPERS]
    pictures = [one for one in found if one.label is not None or one.path.suffix.lower() in PICTURES]
    if any(one.split for one in pictures):
        return _read_pictures(folder, _in_splits(folder, pictures))
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    if table := _table(folder, tables):
        return read_csv(table)
    if any(one.label is not None for one in pictures):
        return _read_pictures(folder, _without_splits(folder, pictures))
    raise DataError(_nothing_found(folder, pictures))


def _placed(path: Path, folder: Path) -> Picture:
    """Read the names of the folders above `path`; of two that would do, the nearer one counts."""
    above = path.relative_to(folder).parts[:-1]
    split_at = _nearest(above, lambda index: names.split(above[index]) is not None)
    label_at = _nearest(above, lambda index: _is_emotion(above, index))
    split = USAGES.get(path.name.split("_")[0])  # PublicTest_1.jpg says it more exactly than its folder
    if split is None and split_at is not None:
        split = names.split(above[split_at])
    label = None if label_at is None else names.emotion(above[label_at])
    named = [index for index in (split_at, label_at) if index is not None]
    return Picture(path, above[: min(named, default=len(above))], split, label)


def _nearest(above: tuple[str, ...], fits: Callable[[int], bool]) -> int | None:
    """The last index of `above` that `fits`."""
    for index in reversed(range(len(above))):
        if fits(index):
            return index
    return None


def _is_emotion(above: tuple[str, ...], index: int) -> bool:
    """A number is an emotion only right above the pictures or the splits: happy/3/ may be a person."""
    is_number = above[index].strip().isdecimal()
    if is_number and not all(names.split(name) for name in above[index + 1 :]):
        return False
    return names.emotion(above[index]) is not None


def _read_pictures(folder: Path, pictures: list[Picture]) -> Fer2013:
    images: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    labels: dict[str, list[int]] = {split: [] for split in SPLITS}
    for one in tqdm(_labelled(folder, pictures), desc="reading faces", unit="face", disable=None):
        split = one.split or "test"
        images[split].append(read_face(one.path))
        labels[split].append(one.label)
    return Fer2013(*(stacked(images[split], labels[split]) for split in SPLITS))


def _in_splits(folder: Path, pictures: list[Picture]) -> list[Picture]:
    """Refuse pictures that lie in no split while others do; of several copies of the folders take the outermost."""
    for one in pictures:
        if one.label is not None and one.split is None:
            place = one.path.relative_to(folder).parts[0]
            raise DataError(
                f"{one.path}: expected it below train/, validation/ or test/, found {names.with_nearest(place)}"
            )
    roots = {one.root for one in pictures if one.label is not None}
    outermost = min(roots, key=lambda root: (len(root), root), default=())
    others = roots - {outermost}
    if not others:
        return pictures
    kept = [one for one in pictures if one.root not in others]
    listed = ", ".join("/".join(root) for root in sorted(others))
    logger.warning("%d pictures below %s left out: another copy of the folders", len(pictures) - len(kept), listed)
    return kept


def _without_splits(folder: Path, pictures: list[Picture]) -> list[Picture]:
    """Refuse emotions below several folders: whoever parts pictures means splits."""
    roots = sorted({"/".join(one.root) for one in pictures if one.label is not None})
    if len(roots) > 1:
        listed = ", ".join(names.with_nearest(root) for root in roots)
        raise DataError(f"{folder}: expected emotions below train/, validation/ and test/, found them below {listed}")
    return pictures


def _labelled(folder: Path, pictures: list[Picture]) -> list[Picture]:
    """Refuse folders with an unknown name; leave out, and say so, what lies in no emotion's folder."""
    without = [one for one in pictures if one.label is None]
    unknown = sorted({name for one in without if (name := _unknown_name(one, folder))})
    if unknown:
        listed = ", ".join(names.with_nearest(name) for name in unknown)
        raise DataError(
            f"{folder}: unknown emotion {listed}; expected {', '.join(LABELS)}; rename these folders, or remove them; numbers are FER2013's, 0 to 6"
        )
    if without:
        logger.warning("%d pictures lie in no emotion's folder, %s the first; left out", len(without), without[0].path)
    return [one for one in pictures if one.label is not None]


def _unknown_name(picture: Picture, folder: Path) -> str:
    """The folder that should be named after an emotion; empty where there is none below the split's."""
    above = picture.path.relative_to(folder).parts[:-1]
    if not above or names.split(above[-1]):
        return ""
    return above[-1]


def _table(folder: Path, tables: list[Path]) -> Path | None:
    """The table of faces: one of the challenge's by name, else the only one with such columns."""
    for name in CSV_NAMES:
        for path in tables:
            if path.name.lower() == name:
                return path
    fitting = [path for path in tables if holds_faces(path)]
    if len(fitting) > 1:
        listed = ", ".join(str(path.relative_to(folder)) for path in fitting)
        raise DataError(f"{folder}: several tables of faces ({listed}); give one of them as the data")
    return fitting[0] if fitting else None


def _nothing_found(folder: Path, pictures: list[Picture]) -> str:
    expected = f"{' or '.join(CSV_NAMES)}, train/<emotion>/ and test/<emotion>/, or <emotion>/"
    if pictures:
        unknown = sorted({name for one in pictures if (name := _unknown_name(one, folder))})
        listed = ", ".join(names.with_nearest(name) for name in unknown) or "pictures in no folder"
        return f"{folder}: expected {expected} with the emotions {', '.join(LABELS)}; found {listed}"
    if any(names.split(child.name) for child in folder.rglob("*") if child.is_dir()):
        return f"{folder}: no images; expected train/<emotion>/*.jpg with the emotions {', '.join(LABELS)}"
    return f"{folder}: expected {expected}; found none"
