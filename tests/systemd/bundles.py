"""Tiny bundles that need no network, and install.sh run against a folder of its own."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SYSTEMD = PROJECT / "systemd"
LOCKS = PROJECT / "edge" / "locks"
WRAPPER = "usr/local/bin/emotion-edge"
OLD_VERSION = "1.0.0"
NEW_VERSION = "1.1.0"
NEWEST_VERSION = "1.2.0"
PYTHON = Path("/usr/bin/python3")


def can_make_environments() -> bool:
    code = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", code], check=False).returncode == 0


needs_environments = pytest.mark.skipif(
    not can_make_environments(), reason=f"{PYTHON} 3.11 with python3-venv is not installed"
)


def write_files(folder: Path, version: str) -> None:
    """Lays out the parts that a bundle and a checkout share."""
    (folder / "edge").mkdir(parents=True)
    (folder / "edge" / "__init__.py").touch()
    (folder / "edge" / "__main__.py").write_text(f"print('edge {version}')\n")
    (folder / "edge" / "locks").mkdir()
    shutil.copy(LOCKS / "install.py", folder / "edge" / "locks")
    (folder / "models").mkdir()
    (folder / "models" / "emotion_int8.tflite").write_bytes(b"a model")
    (folder / "systemd").mkdir()
    (folder / "systemd" / "settings.toml").write_text("# shipped settings\n")
    for unit in ("emotion-edge.service", "emotion-edge-gateway.service"):
        shutil.copy(SYSTEMD / unit, folder / "systemd")
    for script in ("install.sh", "emotion-edge"):
        shutil.copy(SYSTEMD / script, folder / "systemd")
    shutil.copytree(PROJECT / "edge/commands/completions", folder / "edge/commands/completions")
    (folder / "edge/requirements-gateway.txt").touch()
    (folder / "requirements-edge.txt").touch()


def write_checksums(bundle: Path) -> None:
    (bundle / "SHA256SUMS").unlink(missing_ok=True)
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ./{path.relative_to(bundle)}\n" for path in files]
    (bundle / "SHA256SUMS").write_text("".join(lines))


def make_bundle(parent: Path, version: str) -> Path:
    """Lays out a bundle as a user with a strict umask unpacks it: private to that user."""
    bundle = parent / f"emotion-edge-{version}"
    write_files(bundle, version)
    (bundle / "VERSION").write_text(version + "\n")
    shutil.copy(SYSTEMD / "install.sh", bundle)
    (bundle / "edge" / "__main__.py").chmod(0o600)
    (bundle / "models").chmod(0o700)
    write_checksums(bundle)
    return bundle


def make_bundles(factory: pytest.TempPathFactory, make: Callable[[Path, str], Path], *versions: str) -> dict[str, Path]:
    """A bundle of each of `versions`, as `make` lays it out."""
    folder = factory.mktemp("bundles")
    return {version: make(folder, version) for version in versions}


def copy_root(root: Path, copy: Path) -> Path:
    """An installation that a test may change; returns `copy`."""
    shutil.copytree(root, copy, symlinks=True)
    return copy


def run_installer(script: Path, root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs install.sh against `root` and returns what it printed, errors included."""
    return subprocess.run(
        [str(script), "--root", str(root), *arguments],
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHON": str(PYTHON)} | environment,
    )


def install(bundle: Path, root: Path, *arguments: str, **environment: str) -> str:
    result = run_installer(bundle / "install.sh", root, *arguments, **environment)
    assert result.returncode == 0, result.stdout
    return result.stdout


def list_tree(root: Path) -> dict[str, tuple[int, int, str]]:
    """Maps every path under `root` to its inode, its time of change and its link target."""
    return {
        str(path.relative_to(root)): (
            path.lstat().st_ino,
            path.lstat().st_mtime_ns,
            str(path.readlink()) if path.is_symlink() else "",
        )
        for path in root.rglob("*")
    }


def list_releases(root: Path) -> list[str]:
    """Versions of the releases in store, unfinished ones included."""
    return sorted(path.name.rpartition("-")[0] or path.name for path in (root / "opt/emotion-edge/releases").iterdir())


def run_release(root: Path, link: str = "current") -> str:
    """What the release behind `link` prints when started as the unit starts it."""
    folder = root / "opt/emotion-edge" / link
    command = [str(folder / ".venv/bin/python"), "-m", "edge", "--version"]
    return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout


def system_of(python: Path) -> str:
    """How a lock for `python` is named."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import install; print(install.system_name())"
    command = [python, "-B", "-c", code, LOCKS]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def write_wheel(folder: Path) -> Path:
    """The smallest package there is, `tinypart`."""
    folder.mkdir()
    info = "tinypart-1.0.dist-info"
    path = folder / "tinypart-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tinypart.py", "NAME = 'tiny part'\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinypart\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def lock_line(wheel: Path, sha256: str = "") -> str:
    return f"tinypart==1.0 \\\n    --hash=sha256:{sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def instead_of_main(commands: str) -> str:
    """install.sh with other last lines."""
    script = (SYSTEMD / "install.sh").read_text().removesuffix('main "$@"\n')
    assert 'main "$@"' not in script
    return script + commands
