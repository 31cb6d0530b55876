"""Plays systemd/hub's playbook, by the ansible-playbook of the tests' environment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.engines import HUB

PLAYBOOK = HUB / "ansible/devices.yml"
PROGRAM = shutil.which("ansible-playbook", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")

needs_ansible = pytest.mark.skipif(
    PROGRAM is None, reason="ansible-playbook is not installed (pip install -r tests/requirements-edge.txt)"
)


def play(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Errors are part of the output."""
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments), str(PLAYBOOK)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1", "LC_ALL": "C.UTF-8"},
    )
