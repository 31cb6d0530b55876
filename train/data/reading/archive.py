"""Unpack an archive of FER2013: zip, tar or gz."""

import gzip
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

from train.data.faces import Fer2013
from train.data.reading.folder import CSV_NAMES, read_folder
from train.errors import DataError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".gz")
GZIP_MAGIC = b"\x1f\x8b"
DAMAGED_ARCHIVE = (EOFError, RuntimeError, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile, zlib.error)


def is_archive(path: Path) -> bool:
    """Whatever its name: browsers and tools drop suffixes."""
    if zipfile.is_zipfile(path):
        return True
    with path.open("rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def read_archive(path: Path) -> Fer2013:
    with tempfile.TemporaryDirectory() as folder:
        try:
            _unpack(path, Path(folder))
        except DAMAGED_ARCHIVE as error:
            raise DataError(f"{path}: the archive is damaged ({error}); download it again") from error
        try:
            return read_folder(Path(folder))
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
