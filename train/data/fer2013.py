"""Read FER2013 in every form that users have it: CSV, Kaggle folders, or an archive of either."""

import gzip
import shutil
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from edge.contract import INPUT_SIDE, LABELS
from train.config import SPLITS
from train.errors import DataError

USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
COLUMNS = ("emotion", "pixels", "Usage")
CSV_NAMES = ("fer2013.csv", "icml_face_data.csv")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".gz")
GZIP_MAGIC = b"\x1f\x8b"
DAMAGED_ARCHIVE = (EOFError, RuntimeError, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile, zlib.error)
HELD_OUT_SHARE = 0.1  # of the training faces, where the data brings no validation split
HELD_OUT_SEED = 2013


@dataclass(frozen=True)
class Faces:
    """`images` (N, 48, 48) uint8, gray; `labels` (N,) int64, index into `LABELS`."""

    images: np.ndarray
    labels: np.ndarray
    votes: np.ndarray | None = None
    """(N, 10) uint8, FER+ votes in the order of `train.data.votes.VOTE_COLUMNS`; all zero for a face without any"""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "Faces":
        votes = None if self.votes is None else self.votes[rows]
        return Faces(self.images[rows], self.labels[rows], votes)

    def counts(self) -> dict[str, int]:
        numbers = np.bincount(self.labels, minlength=len(LABELS))
        return {label: int(number) for label, number in zip(LABELS, numbers, strict=True)}


@dataclass(frozen=True)
class Fer2013:
    train: Faces
    validation: Faces
    test: Faces
    dropped_twins: int = 0
    """Training faces left out because validation or test holds the same pixels."""
    held_out: bool = False
    """True where validation was cut out of training because the data brought none."""

    def split(self, name: str) -> Faces:
        """Return one of `SPLITS`; raises DataError where it is empty."""
        faces: Faces = getattr(self, name)
        if not len(faces):
            held = {split: len(getattr(self, split)) for split in SPLITS}
            hint = "put <emotion>/ below train/" if name == "train" else "choose another --split or --data"
            raise DataError(f"the data has no {name} faces (found {held}); {hint}")
        return faces


def load(path: str | Path) -> Fer2013:
    """Read `path`, hold out a validation split if there is none, and drop cross-split twins.

    Raises DataError where the data is missing, malformed or empty.
    """
    return drop_twins(hold_out_validation(read(path)))


def read(path: str | Path) -> Fer2013:
    """Read `path` (CSV, Kaggle folder, zip, tar or gz of one) as it is, twins included."""
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; expected fer2013.csv, a Kaggle folder or an archive of one")
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() in ARCHIVE_SUFFIXES or _is_archive(path):
        return _read_archive(path)
    return _read_csv(path)


def twins(faces: Faces, others: Faces) -> np.ndarray:
    """Return (N,) bool: which of `faces` stand, pixel for pixel, in `others` too."""
    known = {image.tobytes() for image in others.images}
    return np.array([image.tobytes() in known for image in faces.images], dtype=bool)


def drop_twins(data: Fer2013) -> Fer2013:
    """Leave out training faces that validation or test also holds: they would be learned by heart."""
    twin = twins(data.train, data.validation) | twins(data.train, data.test)
    return replace(data, train=data.train.take(np.flatnonzero(~twin)), dropped_twins=int(twin.sum()))


def hold_out_validation(data: Fer2013) -> Fer2013:
    """Cut a seeded, class-balanced tenth out of training where the data brings no validation split."""
    if len(data.validation) or not len(data.train):
        return data
    rng = np.random.default_rng(HELD_OUT_SEED)
    held = np.zeros(len(data.train), dtype=bool)
    for label in range(len(LABELS)):
        rows = np.flatnonzero(data.train.labels == label)
        held[rng.permutation(rows)[: round(len(rows) * HELD_OUT_SHARE)]] = True
    return replace(
        data,
        train=data.train.take(np.flatnonzero(~held)),
        validation=data.train.take(np.flatnonzero(held)),
        held_out=True,
    )


def _is_archive(path: Path) -> bool:
    """Whatever its name: browsers and tools drop suffixes."""
    if zipfile.is_zipfile(path):
        return True
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def _read_archive(path: Path) -> Fer2013:
    with tempfile.TemporaryDirectory() as folder:
        try:
            _unpack(path, Path(folder))
        except DAMAGED_ARCHIVE as error:
            raise DataError(f"{path}: the archive is damaged ({error}); download it again") from error
        try:
            return _read_folder(Path(folder))
        except DataError as error:
            raise DataError(str(error).replace(folder, str(path))) from error


def _unpack(path: Path, folder: Path) -> None:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    elif path.suffix.lower() == ".zip":
        raise zipfile.BadZipFile("its table of contents is missing")
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    else:
        with gzip.open(path) as packed, (folder / CSV_NAMES[0]).open("wb") as file:
            shutil.copyfileobj(packed, file)


def _read_folder(folder: Path) -> Fer2013:
    """Read the Kaggle layout or the challenge's CSV, wherever in `folder` it lies."""
    roots = sorted(
        {found.parent for found in folder.glob("**/train") if found.is_dir()}, key=lambda root: len(root.parts)
    )
    if roots:
        return _read_kaggle(roots[0])
    for name in CSV_NAMES:
        for found in sorted(folder.glob(f"**/{name}")):
            return _read_csv(found)
    if any(child.is_dir() and child.name.lower() in LABELS for child in folder.iterdir()):
        return _read_own(folder)
    raise DataError(
        f"{folder}: expected {' or '.join(CSV_NAMES)}, train/<emotion>/ and test/<emotion>/, or <emotion>/; found none"
    )


def _read_own(folder: Path) -> Fer2013:
    """Read `<emotion>/*.jpg`, square face crops of any size, as a test split."""
    files = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in IMAGE_SUFFIXES)
    images = [_read_image(path) for path in files]
    empty = _faces([], [])
    return Fer2013(empty, empty, _faces(images, [_kaggle_label(path) for path in files]))


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
    return Fer2013(*(_faces(images[split], labels[split]) for split in SPLITS))


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


def _faces(images: list[np.ndarray], labels: list[int]) -> Faces:
    stacked = np.array(images, dtype=np.uint8).reshape(-1, INPUT_SIDE, INPUT_SIDE)
    return Faces(stacked, np.array(labels, dtype=np.int64))


def _read_csv(path: Path) -> Fer2013:
    try:
        table = pd.read_csv(path, skipinitialspace=True, dtype=str, keep_default_na=False, skip_blank_lines=False)
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).strip()
        raise DataError(f"{path}: not a CSV file with the columns {', '.join(COLUMNS)} ({reason})") from error
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        found = shorten(", ".join(map(repr, table.columns)), 100, placeholder=" ...")
        raise DataError(f"{path}: missing column {', '.join(missing)}; found {found}")
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the surplus for row names
        raise DataError(f"{path}: rows have more fields than the header's {table.shape[1]}")
    lines = np.arange(2, len(table) + 2)
    filled = (table != "").any(axis=1).to_numpy()
    table, lines = table[filled], lines[filled]
    if table.empty:
        raise DataError(f"{path}: no rows below the header")
    split = _checked(path, lines, table["Usage"], USAGES, "Usage")
    label = _checked(path, lines, table["emotion"], {str(n): n for n in range(len(LABELS))}, "emotion")
    rows = zip(lines, table["pixels"], strict=True)
    images = np.array(
        [_pixels(path, line, text) for line, text in tqdm(rows, "reading faces", len(table), unit="face", disable=None)]
    )
    faces = Faces(images, label.astype(np.int64))
    return Fer2013(*(faces.take(np.flatnonzero(split == name)) for name in SPLITS))


def _checked(path: Path, lines: np.ndarray, column: pd.Series, allowed: dict, name: str) -> np.ndarray:
    """Map the column's words by `allowed`, refusing the first that is not in it."""
    values = column.str.strip().map(allowed)
    wrong = np.flatnonzero(values.isna())
    if len(wrong):
        expected = ", ".join(allowed)
        raise DataError(
            f"{path}: line {lines[wrong[0]]}: unknown {name} {column.iloc[wrong[0]]!r}; expected one of {expected}"
        )
    return values.to_numpy()


def _pixels(path: Path, line: int, text: str) -> np.ndarray:
    """Parse one face, (48, 48) uint8."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(text, dtype=np.int64, sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise DataError(f"{path}: line {line}: pixels are not whole numbers between spaces") from error
    if values.size != INPUT_SIDE**2:
        raise DataError(f"{path}: line {line}: expected 2304 pixels, found {values.size}")
    if values.min() < 0 or values.max() > 255:
        raise DataError(f"{path}: line {line}: expected pixels from 0 to 255, found {values.min()} to {values.max()}")
    return values.astype(np.uint8).reshape(INPUT_SIDE, INPUT_SIDE)
