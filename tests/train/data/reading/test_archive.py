"""What an archive is, its content says, whatever its name."""

import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.synthetic import faces, write_csv
from train.data.fer2013 import read
from train.errors import DataError

PACKED: dict[str, Callable[[Path, str], None]] = {
    kind: lambda target, base, kind=kind: shutil.move(shutil.make_archive(str(target), kind, base), target)
    for kind in ("tar", "gztar", "bztar", "xztar", "zip")
}
COMPRESSED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inside").mkdir()
    return write_csv(tmp_path / "inside" / "fer2013.csv", {"Training": faces(1)}).parent


@pytest.mark.parametrize("name", ["fer2013", "fer2013.csv", "download(1)", "fer2013.zip", "fer2013.tar.gz"])
@pytest.mark.parametrize("kind", list(PACKED))
def test_archives_by_any_name(kind: str, name: str, folder: Path, tmp_path: Path) -> None:
    PACKED[kind](tmp_path / "packed", str(folder))
    packed = (tmp_path / "packed").rename(tmp_path / name)
    assert len(read(packed).train) == 7


@pytest.mark.parametrize("name", ["fer2013", "fer2013.csv", "faces.gz"])
@pytest.mark.parametrize("kind", list(COMPRESSED))
def test_a_compressed_table_by_any_name(kind: str, name: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(COMPRESSED[kind]((folder / "fer2013.csv").read_bytes()))
    assert len(read(tmp_path / name).train) == 7


def test_an_archive_alone_in_an_archive_or_a_folder(folder: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    PACKED["gztar"](outer / "fer2013.tar.gz", str(folder))
    assert len(read(outer).train) == 7
    PACKED["zip"](tmp_path / "challenge.zip", str(outer))
    assert len(read(tmp_path / "challenge.zip").train) == 7


@pytest.mark.parametrize(("start", "kind"), [(b"Rar!\x1a\x07\x01\0", "RAR"), (b"7z\xbc\xaf\x27\x1c\0\4", "7z")])
def test_other_archives_are_named(start: bytes, kind: str, tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_bytes(start + bytes(100))
    with pytest.raises(DataError, match=f"a {kind} archive; expected zip, tar or gz"):
        read(tmp_path / "fer2013.csv")
