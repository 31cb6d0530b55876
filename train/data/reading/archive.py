"""Unpack an archive of FER2013.

What it is, its content says: browsers and tools drop and change suffixes.
"""

import bz2
import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

from train.data.faces import Fer2013
from train.data.reading.folder import read_folder
from train.data.reading.pictures import files_below
from train.data.reading.table import CSV_NAMES
from train.errors import DataError

ZIP_MAGIC = b"PK\x03\x04"
COMPRESSED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
FOREIGN = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z"}
DAMAGED = (
    EOFError,
    RuntimeError,  # a password, or a kind of compression that Python does not know
    gzip.BadGzipFile,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
DEEPEST = 3  # archives inside each other: the challenge's zip holds a tar.gz


def is_archive(path: Path) -> bool:
    start = _start(path)
    packed = (ZIP_MAGIC, *COMPRESSED, *FOREIGN)
    return start.startswith(packed) or zipfile.is_zipfile(path) or tarfile.is_tarfile(path)


def lone_archive(folder: Path) -> Path | None:
    """The archive that is all there is in `folder`; None where there is anything else."""
    files = list(files_below(folder))
    return files[0] if len(files) == 1 and is_archive(files[0]) else None


def read_archive(path: Path) -> Fer2013:
    """Read what `path` holds. Raises DataError where that is damaged, or no data set."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            place = _unpacked(path, Path(folder))
        except DAMAGED as error:
            raise DataError(
                f"{path}: the archive is damaged ({error})", "download it again"
            ) from error
        try:
            return read_folder(place)
        except DataError as error:
            found = error.found.replace(str(place), str(path))
            raise DataError(found, error.remedy) from error


def _unpacked(path: Path, folder: Path) -> Path:
    """Unpack `path` below `folder`, and what lies alone in it; return where that is."""
    for depth in range(DEEPEST):
        place = folder / str(depth)
        place.mkdir()
        _unpack(path, place)
        inner = lone_archive(place)
        if inner is None:
            break
        path = inner
    return place


def _unpack(path: Path, folder: Path) -> None:
    start = _start(path)
    for magic, kind in FOREIGN.items():
        if start.startswith(magic):
            raise DataError(
                f"{path}: a {kind} archive; expected zip, tar or gz",
                "unpack it and give the folder",
            )
    if zipfile.is_zipfile(path) or start.startswith(ZIP_MAGIC):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    else:
        _decompress(path, start, folder / CSV_NAMES[0])


def _decompress(path: Path, start: bytes, out: Path) -> None:
    for magic, opened in COMPRESSED.items():
        if start.startswith(magic):
            with opened(path) as packed, out.open("wb") as file:
                shutil.copyfileobj(packed, file)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)
