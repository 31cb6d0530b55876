"""What install.sh makes on a device, and other releases of this project to be deployed there."""

import shutil
from pathlib import Path

from edge.settings import PROJECT
from tests.systemd.booted.machine import Machine

SERVICE, GATEWAY = "emotion-edge", "emotion-edge-gateway"
CURRENT = "/opt/emotion-edge/current"
STATE_FOLDER = "/var/lib/emotion-edge"
LOG = f"{STATE_FOLDER}/emotions.db"
STATE = "systemctl show emotion-edge --property {} --value"


def main_pid(pi: Machine, unit: str = SERVICE) -> str:
    return pi.output(f"systemctl show {unit} --property MainPID --value")


def other_release(folder: Path, line: str) -> Path:
    """This project with one line more in its service."""
    for part in ("convert", "edge", "models", "systemd", "train"):
        shutil.copytree(PROJECT / part, folder / part)
    for part in ("LICENSE", "README.md", "requirements-edge.txt"):
        shutil.copy(PROJECT / part, folder)
    with (folder / "edge/daemon/service.py").open("a") as service:
        service.write(f"\n{line}\n")
    return folder
