"""Pack all that the Pi needs into one versioned archive; the device's install.sh verifies its
checksums.
"""

import shutil
import tarfile
import tempfile
from pathlib import Path

from convert.release import wheels
from edge import __version__
from edge.settings import DEFAULT_GRAYNET, PROJECT, shipped_models
from edge.vision import manifest

NAME = "emotion-edge"
PARTS = ("edge", "models", "systemd", "requirements-edge.txt", "README.md", "LICENSE")
# The last ones are for training.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.part", ".*", "*.keras")


def bundle(out: Path, python: str | None = None, project: Path = PROJECT) -> Path:
    """Write `out`/emotion-edge-VERSION.tar.gz and its .sha256; with `python`, its aarch64
    wheels go along.

    Raises ModelError where a shipped model and its manifest do not belong together.
    """
    for model in shipped_models().values():
        manifest.read_verified(project / model.relative_to(PROJECT), manifest.Manifest)
    manifest.read_verified(
        project / DEFAULT_GRAYNET.relative_to(PROJECT), manifest.DetectorManifest
    )
    name = f"{NAME}-{__version__}" + (f"-cp{python.replace('.', '')}-aarch64" if python else "")
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{name}.tar.gz"
    with tempfile.TemporaryDirectory(dir=out) as folder:
        root = Path(folder, name)
        _collect(project, root)
        if python:
            wheels.download(project / "edge" / "locks", python, root / "wheels")
        _write_checksums(root)
        part = Path(folder, archive.name)
        with tarfile.open(part, "w:gz") as tar:
            tar.add(root, name, filter=_anonymous)
        part.replace(archive)
    archive.with_name(f"{archive.name}.sha256").write_text(
        f"{manifest.sha256(archive)}  {archive.name}\n"
    )
    return archive


def _collect(project: Path, root: Path) -> None:
    root.mkdir()
    for part in PARTS:
        source = project / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=LEFT_OUT)
        else:
            shutil.copy2(source, root / part)
    # The other one stays on the device, to uninstall.
    shutil.copy2(root / "systemd" / "install.sh", root)
    (root / "VERSION").write_text(f"{__version__}\n")


def _write_checksums(root: Path) -> None:
    """SHA256SUMS over every file, as `sha256sum --check` reads it."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    lines = [f"{manifest.sha256(path)}  {path.relative_to(root)}\n" for path in files]
    (root / "SHA256SUMS").write_text("".join(lines))


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's user or group: they mean nothing on the device."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
