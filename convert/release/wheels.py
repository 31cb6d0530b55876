"""Bring the wheels of the device's lock for a Raspberry Pi from any machine, by pip's `--platform`."""

import subprocess
import sys
from pathlib import Path

from edge.errors import EdgeError

GLIBC_MINOR = {"3.11": 36, "3.13": 41}  # Python of Pi OS Bookworm (glibc 2.36) and Trixie (2.41)
OLDEST_GLIBC_MINOR = 17  # manylinux2014


def platform_arguments(python: str, machine: str = "aarch64") -> list[str]:
    """What makes pip choose wheels for `python` on a Pi's `machine` instead of this one."""
    tags = ["manylinux2014"]
    for minor in range(OLDEST_GLIBC_MINOR, GLIBC_MINOR[python] + 1):
        tags.append(f"manylinux_2_{minor}")
    arguments = ["--only-binary=:all:", "--implementation", "cp", "--python-version", python]
    for tag in tags:
        arguments += ["--platform", f"{tag}_{machine}"]
    return arguments


def download(locks: Path, python: str, folder: Path) -> None:
    """Put the wheels that `locks` names for a 64-bit Pi with `python` into `folder`, each as its
    sha256 says; the gateway's too, for a device that is offline when it is switched on.

    Raises EdgeError with pip's words where one is not to be had.
    """
    system = f"cp{python.replace('.', '')}-aarch64"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder)]
    command += ["--no-deps", "--require-hashes"]
    for name in (system, f"gateway-{system}"):
        command += ["--requirement", str(locks / f"{name}.txt")]
    done = subprocess.run([*command, *platform_arguments(python)], capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1]
        raise EdgeError(
            f"pip found not all aarch64 wheels for Python {python}: {reason}",
            "go online, or bundle without --wheels",
        )
