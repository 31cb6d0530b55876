"""Find the wheels of requirements-edge.txt for a Raspberry Pi from any machine, by pip's
`--platform`.
"""

import subprocess
import sys
from pathlib import Path

from edge.errors import EdgeError, UsageError

GLIBC_MINOR = {"3.11": 36, "3.13": 41}  # Python of Pi OS Bookworm (glibc 2.36) and Trixie (2.41)
OLDEST_GLIBC_MINOR = 17  # manylinux2014


def requirements_for(lines: list[str], python: str) -> list[str]:
    """The requirements of `lines` that hold on a 64-bit Pi with `python`; pip itself would ask
    this machine.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError as error:  # of what runs on the device, nothing needs it
        raise UsageError(
            "--wheels needs the package packaging here: `pip install packaging`"
        ) from error
    device = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": "aarch64",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
    }
    needed = []
    for line in lines:
        text = line.split("#")[0].strip()
        if not text:
            continue
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(device):
            needed.append(f"{requirement.name}{requirement.specifier}")
    return needed


def pip_arguments(requirements: Path, python: str) -> list[str]:
    """What follows `pip install --dry-run` or `pip download` to resolve for the Pi with wheels
    alone.
    """
    tags = ["manylinux2014"]
    for minor in range(OLDEST_GLIBC_MINOR, GLIBC_MINOR[python] + 1):
        tags.append(f"manylinux_2_{minor}")
    platforms: list[str] = []
    for tag in tags:
        platforms += ["--platform", f"{tag}_aarch64"]
    requirements_here = requirements_for(requirements.read_text().splitlines(), python)
    return [
        "--only-binary=:all:",
        "--python-version",
        python,
        "--implementation",
        "cp",
        *platforms,
        *requirements_here,
    ]


def download(requirements: Path, python: str, folder: Path) -> None:
    """Put all wheels of `requirements` for the Pi with `python` into `folder`.

    Raises EdgeError with pip's words where it finds none, UsageError where `packaging` is missing.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder)]
    done = subprocess.run(
        [*command, *pip_arguments(requirements, python)], capture_output=True, text=True
    )
    if done.returncode:
        raise EdgeError(
            f"pip found no aarch64 wheels for Python {python}: {done.stderr.strip().splitlines()[-1]}"
        )
