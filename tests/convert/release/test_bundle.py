"""The archive holds all that the Pi needs, with checksums, and starts from there."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from convert.release.bundle import PARTS, bundle
from edge import __version__
from edge.errors import ModelError
from edge.settings import PROJECT, shipped_models

ROOT = f"emotion-edge-{__version__}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / ROOT


def test_holds_every_part_and_no_caches(unpacked: Path) -> None:
    for part in (*PARTS, "install.sh", "VERSION", "SHA256SUMS", "models/emotion_int8.json", "edge/demo/demo.mp4"):
        assert (unpacked / part).exists(), part
    assert not [path for path in unpacked.rglob("*") if path.name == "__pycache__" or path.suffix == ".pyc"]
    assert not (unpacked / "train").exists()


def test_holds_each_model_of_the_family_without_what_only_training_reads(unpacked: Path) -> None:
    for path in shipped_models().values():
        assert (unpacked / "models" / path.name).exists()
        assert (unpacked / "models" / path.with_suffix(".json").name).exists()
    assert list((PROJECT / "models").glob("*.keras"))
    assert not list(unpacked.rglob("*.keras"))


def test_checksums_cover_every_file_and_notice_a_changed_one(unpacked: Path) -> None:
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=unpacked).returncode == 0
    listed = {line.split("  ", 1)[1] for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert files - listed == {"SHA256SUMS"}
    version = unpacked / "VERSION"
    version.write_text("9.9.9\n")
    assert subprocess.run(check, cwd=unpacked, capture_output=True).returncode != 0
    version.write_text(f"{__version__}\n")


def test_archive_has_its_own_checksum_and_a_safe_installer(archive: Path) -> None:
    digest, name = archive.with_name(f"{archive.name}.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(archive.read_bytes()).hexdigest(), archive.name)
    with tarfile.open(archive) as tar:
        assert tar.getmember(f"{ROOT}/install.sh").mode & 0o111
        assert {member.uname for member in tar} == {"root"}


def test_program_starts_from_the_unpacked_bundle(unpacked: Path) -> None:
    environment = os.environ | {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "edge", "analyze", "edge/demo/demo.mp4", "--output", os.devnull]
    done = subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("model", [path.name for path in shipped_models().values()])
def test_refuses_a_model_whose_manifest_belongs_to_another(model: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "models", project / "models", ignore=shutil.ignore_patterns("*.keras"))
    (project / "models" / model).write_bytes(b"another model")
    with pytest.raises(ModelError, match="sha256"):
        bundle(tmp_path / "dist", project=project)
    assert not (tmp_path / "dist").exists()
