"""What is asked of any unit file: its directives, and systemd's own judgement of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def read_directives(unit: Path) -> dict[str, list[str]]:
    """Maps every directive to its values in the order of the file."""
    directives: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            directives.setdefault(name, []).append(value)
    return directives


def verify(unit: Path, folder: Path) -> str:
    """What `systemd-analyze verify` has to say; an installed Python is there only on a device: this one stands in."""
    [command] = read_directives(unit)["ExecStart"]
    copy = folder / unit.name
    copy.write_text(unit.read_text().replace(command.split()[0], sys.executable))
    done = _analyze("verify", str(copy))
    return done.stdout or (f"exit status {done.returncode}" if done.returncode else "")


def exposure_complaints(unit: Path, most: float) -> str:
    """The table of `systemd-analyze security` where its level is above `most`, else nothing."""
    threshold = f"--threshold={round(most * 10)}"  # systemd counts in tenths here
    done = _analyze("security", "--offline=true", "--no-pager", threshold, str(unit))
    return done.stdout if done.returncode else ""


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
