"""Read pictures of faces that lie in folders: the names of the folders are the split and the
emotion.
"""

import logging
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge.contract import LABELS
from train.config import SPLITS
from train.data.faces import Fer2013, stacked
from train.data.reading import names
from train.data.reading.layout import Picture, place
from train.data.reading.pictures import PAPERS, PICTURES, files_below, read_face
from train.data.reading.table import CSV_NAMES, holds_faces, read_csv
from train.errors import DataError

EXPECTED = f"{' or '.join(CSV_NAMES)}, train/<emotion>/ and test/<emotion>/, or <emotion>/"

logger = logging.getLogger(__name__)


def read_folder(folder: Path) -> Fer2013:
    """Read pictures below `<split>/<emotion>/`, a table of faces, or pictures below
    `<emotion>/` alone.

    They may lie at any depth. Pictures without a split are a test split. Raises DataError where
    `folder` holds none of these, or a picture whose emotion or split cannot be told.
    """
    files = list(files_below(folder))
    pictures = _pictures(folder, files)
    labelled = [one for one in pictures if one.label is not None]
    if any(one.split for one in pictures):
        _refuse_unknown(folder, pictures)
        return _read(_in_splits(folder, labelled))
    if table := _table(folder, files):
        return read_csv(table)
    if labelled:
        _refuse_unknown(folder, pictures)
        _refuse_parted(folder, labelled)
        return _read(labelled)
    raise DataError(
        _nothing_found(folder, pictures), "lay the pictures out so, or give another folder"
    )


def _pictures(folder: Path, files: list[Path]) -> list[Picture]:
    """Files by their suffix, and whatever lies in an emotion's folder: it is read, or named as
    not readable.
    """
    pictures = []
    for path in files:
        suffix = path.suffix.lower()
        if suffix in PAPERS:
            continue
        picture = place(path, folder)
        if suffix in PICTURES or picture.label is not None:
            pictures.append(picture)
    return pictures


def _read(pictures: list[Picture]) -> Fer2013:
    images: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    labels: dict[str, list[int]] = {split: [] for split in SPLITS}
    for one in tqdm(pictures, desc="reading faces", unit="face", disable=None):
        split = one.split or "test"
        images[split].append(read_face(one.path))
        if one.label is not None:
            labels[split].append(one.label)
    parts = {split: stacked(images[split], labels[split]) for split in SPLITS}
    return Fer2013(parts["train"], parts["validation"], parts["test"])


def _refuse_unknown(folder: Path, pictures: list[Picture]) -> None:
    """Name the folders that are called after no emotion; say what lies in no folder at all, and
    is left out.
    """
    if unknown := _unknown(pictures):
        raise DataError(
            f"{folder}: unknown emotion {unknown}; expected {', '.join(LABELS)} (or FER2013's numbers, 0 to 6)",
            "rename these folders or remove them",
        )
    stray = [one.path for one in pictures if one.label is None]
    if stray:
        logger.warning(
            "%d pictures lie in no emotion's folder, %s the first; left out", len(stray), stray[0]
        )


def _in_splits(folder: Path, pictures: list[Picture]) -> list[Picture]:
    """Refuse pictures that lie in no split while others do; of several copies of the folders
    take the outermost.
    """
    for one in pictures:
        if one.split is None:
            found = names.with_nearest(one.path.relative_to(folder).parts[0])
            raise DataError(
                f"{one.path}: expected it below train/, validation/ or test/, found {found}",
                "move it or rename its folder",
            )
    roots = {one.root for one in pictures}
    outermost = min(roots, key=lambda root: (len(root), root), default=())
    kept = [one for one in pictures if one.root == outermost]
    left_out = len(pictures) - len(kept)
    if left_out:
        others = map("/".join, sorted(roots - {outermost}))
        logger.warning(
            "%d pictures below %s left out: another copy of the folders",
            left_out,
            ", ".join(others),
        )
    return kept


def _refuse_parted(folder: Path, pictures: list[Picture]) -> None:
    """Emotions below several folders: whoever parts pictures means splits."""
    roots = sorted({"/".join(one.root) for one in pictures})
    if len(roots) > 1:
        listed = ", ".join(map(names.with_nearest, roots))
        raise DataError(
            f"{folder}: expected emotions below train/, validation/ and test/, found them below {listed}",
            "rename these folders, or give one of them",
        )


def _table(folder: Path, files: list[Path]) -> Path | None:
    """The table of faces: one of the challenge's by name, else the only one with such columns."""
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    for name in CSV_NAMES:
        for path in tables:
            if path.name.lower() == name:
                return path
    fitting = list(filter(holds_faces, tables))
    if len(fitting) > 1:
        listed = ", ".join(str(path.relative_to(folder)) for path in fitting)
        raise DataError(
            f"{folder}: several tables of faces ({listed})", "give one of them as the data"
        )
    return fitting[0] if fitting else None


def _unknown(pictures: list[Picture]) -> str:
    """The names of folders that are no emotion, each with the nearest known one."""
    found = {one.unknown for one in pictures} - {""}
    return ", ".join(map(names.with_nearest, sorted(found)))


def _nothing_found(folder: Path, pictures: list[Picture]) -> str:
    emotions = ", ".join(LABELS)
    if pictures:
        found = _unknown(pictures) or "pictures in no folder"
        return f"{folder}: expected {EXPECTED} with the emotions {emotions}; found {found}"
    for child in folder.rglob("*"):
        if child.is_dir() and names.split(child.name):
            return (
                f"{folder}: no images; expected train/<emotion>/*.jpg with the emotions {emotions}"
            )
    return f"{folder}: expected {EXPECTED}; found none"
