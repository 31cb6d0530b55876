"""Read FER2013 as a CSV file: emotion, pixels, Usage."""

import logging
import warnings
from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd
from tqdm import tqdm

from edge.contract import INPUT_SIDE, LABELS
from train.config import SPLITS
from train.data.faces import Faces, Fer2013
from train.errors import DataError

CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
COLUMNS = ("emotion", "pixels", "Usage")
AGAIN = "download it again, or correct it"

logger = logging.getLogger(__name__)


def read_csv(path: Path) -> Fer2013:
    try:
        table = pd.read_csv(
            path, skipinitialspace=True, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).strip()
        raise DataError(
            f"{path}: not a CSV file with the columns {', '.join(COLUMNS)} ({reason})", AGAIN
        ) from error
    table = table.rename(columns=_canonical)
    _check_columns(path, list(table.columns))
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the surplus for row names
        raise DataError(f"{path}: rows have more fields than the header's {table.shape[1]}", AGAIN)
    lines = np.arange(2, len(table) + 2)
    filled = (table != "").any(axis=1).to_numpy()
    table, lines = table[filled], lines[filled]
    if table.empty:
        raise DataError(f"{path}: no rows below the header", AGAIN)
    split = _splits(path, lines, table)
    label = _checked(
        path, lines, table["emotion"], {str(n): n for n in range(len(LABELS))}, "emotion"
    )
    rows = zip(lines, table["pixels"], strict=True)
    images = np.array(
        [
            _pixels(path, line, text)
            for line, text in tqdm(rows, "reading faces", len(table), unit="face", disable=None)
        ]
    )
    faces = Faces(images, label.astype(np.int64))
    parts = {name: faces.take(np.flatnonzero(split == name)) for name in SPLITS}
    return Fer2013(parts["train"], parts["validation"], parts["test"])


def holds_faces(path: Path) -> bool:
    """Whether the first line of `path` names emotions and pixels."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        header = [_canonical(name) for name in file.readline(1000).split(",")]
    return {"emotion", "pixels"} <= set(header)


def _canonical(name: str) -> str:
    """A column's name as `COLUMNS` spells it."""
    plain = name.strip().strip('"').lower()
    return {column.lower(): column for column in COLUMNS}.get(plain, name)


def _check_columns(path: Path, columns: list[str]) -> None:
    """Refuse a table without emotions or pixels; without Usage it is the challenge's train.csv."""
    missing = [column for column in COLUMNS if column not in columns]
    if not missing or missing == ["Usage"]:
        return
    found = shorten(", ".join(map(repr, columns)), 100, placeholder=" ...")
    remedy = "give a table of faces, such as fer2013.csv"
    if "pixels" in columns:
        remedy = "the challenge's test.csv has no labels, take its train.csv"
    raise DataError(f"{path}: missing column {', '.join(missing)}; found {found}", remedy)


def _splits(path: Path, lines: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """The split of each row; all are training faces where the table does not say."""
    if "Usage" in table.columns:
        return _checked(path, lines, table["Usage"], USAGES, "Usage")
    logger.warning(
        "%s: no column Usage, so all %d faces are taken for training faces", path, len(table)
    )
    return np.full(len(table), "train")


def _checked(
    path: Path, lines: np.ndarray, column: pd.Series, allowed: dict, name: str
) -> np.ndarray:
    """Map the column's words by `allowed`, refusing the first that is not in it."""
    values = column.str.strip().map(allowed)
    wrong = np.flatnonzero(values.isna())
    if len(wrong):
        expected = ", ".join(allowed)
        raise DataError(
            f"{path}: line {lines[wrong[0]]}: unknown {name} {column.iloc[wrong[0]]!r}; expected one of {expected}",
            AGAIN,
        )
    return values.to_numpy()


def _pixels(path: Path, line: int, text: str) -> np.ndarray:
    """Parse one face, (48, 48) uint8."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text, dtype=np.int64, sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise DataError(
                f"{path}: line {line}: pixels are not whole numbers between spaces", AGAIN
            ) from error
    if values.size != INPUT_SIDE**2:
        raise DataError(f"{path}: line {line}: expected 2304 pixels, found {values.size}", AGAIN)
    if values.min() < 0 or values.max() > 255:
        raise DataError(
            f"{path}: line {line}: expected pixels from 0 to 255, found {values.min()} to {values.max()}",
            AGAIN,
        )
    return values.astype(np.uint8).reshape(INPUT_SIDE, INPUT_SIDE)
