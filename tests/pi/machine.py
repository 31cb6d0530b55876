"""An emulated 64-bit Pi as a folder: Debian's Python and C library for arm64, aarch64 wheels, qemu-user.

The folder looks like a virtual environment: whatever starts its `bin/python`, a test's subprocess too, is emulated.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from convert.release.wheels import platform_arguments
from edge.settings import PROJECT
from tests.make_locks import System, requirements_on
from tests.pi import debian

CACHE = PROJECT / ".cache" / "arm64"
RELEASES = {"3.11": "bookworm", "3.13": "trixie"}  # Python of each Raspberry Pi OS
QEMU_RELEASE = "trixie"  # qemu 10; bookworm's 7.2 crashes in LiteRT
CPUS = {"cortex-a53": "Pi 3, Zero 2 W", "cortex-a72": "Pi 4", "cortex-a76": "Pi 5"}
REQUIREMENTS = (
    "requirements-edge.txt",
    "edge/requirements-report.txt",
    "tests/requirements.txt",
    "tests/requirements-edge.txt",
)
NOT_NEEDED = ("-r", "ruff", "mypy")  # they judge the source, which is the same on every machine

STARTER = """#!/bin/sh
exec "{qemu}" -cpu "${{PI_CPU:-cortex-a72}}" -L "{root}" -0 "$0" "{root}/usr/bin/python{python}" "$@"
"""


def build(python: str) -> Path:
    """Return the emulated `python` ("3.11" or "3.13"), built in minutes where the cache lacks it."""
    folder = CACHE / python
    requirements = folder / "requirements.txt"
    ready = folder / "ready"
    text = requirements_text()
    if not ready.exists() or requirements.read_text() != text:
        shutil.rmtree(folder, ignore_errors=True)
        root = folder / "root"
        packages = [f"python{python}", "libstdc++6"]  # OpenCV and LiteRT are C++
        debian.unpack(packages, RELEASES[python], "arm64", CACHE / f"apt-{RELEASES[python]}-arm64", root)
        requirements.write_text(text)
        _install_wheels(requirements, python, folder)
        _write_starter(folder, root, python)
        ready.touch()
    return folder / "bin" / "python"


def requirements_text() -> str:
    """What the device and its tests need, without the tools that judge source code."""
    lines = [line for name in REQUIREMENTS for line in (PROJECT / name).read_text().splitlines()]
    return "".join(f"{line}\n" for line in lines if not line.startswith(("#", *NOT_NEEDED)))


def qemu() -> Path:
    program = CACHE / "qemu-aarch64"
    if not program.exists():
        architecture = debian.host_architecture()
        root = CACHE / "qemu"
        debian.unpack(["qemu-user"], QEMU_RELEASE, architecture, CACHE / f"apt-{QEMU_RELEASE}-{architecture}", root)
        shutil.move(root / "usr/bin/qemu-aarch64", program)
        shutil.rmtree(root)  # half a gigabyte of other processors
    return program


def _install_wheels(requirements: Path, python: str, folder: Path) -> None:
    target = folder / "lib" / f"python{python}" / "site-packages"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        str(target),
    ]
    required = map(str, requirements_on(System(python, "aarch64"), requirements))
    done = subprocess.run([*command, *platform_arguments(python), *required], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pip found no aarch64 wheels for Python {python}:\n{done.stderr}")


def _write_starter(folder: Path, root: Path, python: str) -> None:
    (folder / "pyvenv.cfg").write_text(f"home = {root}/usr/bin\n")
    starter = folder / "bin" / "python"
    starter.parent.mkdir()
    starter.write_text(STARTER.format(qemu=qemu(), root=root, python=python))
    starter.chmod(0o755)
