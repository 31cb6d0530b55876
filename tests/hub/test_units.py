"""The hub's units are valid and closed; its scripts are clean and refuse what cannot be."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hub.engines import HUB

UNITS = sorted(path for pattern in ("*.service", "*.timer") for path in HUB.glob(pattern))
SCRIPTS = sorted(HUB.glob("*.sh"))
MAX_EXPOSURE = 2.5


def call(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_units_are_valid_and_the_collector_is_closed(tmp_path: Path) -> None:
    """What the hub installs stands in for itself as /bin/true."""
    for unit in UNITS:
        text = (
            unit.read_text()
            .replace("/opt/emotion-hub/.venv/bin/python", "/bin/true")
            .replace("/usr/bin/psql", "/bin/true")
        )
        (tmp_path / unit.name).write_text(text)
    verified = call("systemd-analyze", "verify", "--man=no", "--recursive-errors=one", *tmp_path.iterdir())
    assert verified.returncode == 0, verified.stdout
    assert str(tmp_path) not in verified.stdout, verified.stdout
    collector = tmp_path / "emotion-hub.service"
    security = call("systemd-analyze", "security", "--offline=true", f"--threshold={MAX_EXPOSURE * 10:.0f}", collector)
    assert security.returncode == 0, security.stdout


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_scripts_are_clean() -> None:
    checked = call("shellcheck", *SCRIPTS)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-x"], ["two", "names"], ["a name"], ["hub;reboot"]])
def test_setup_refuses_what_is_no_name_of_a_machine(arguments: list[str]) -> None:
    done = call(HUB / "setup.sh", *arguments)
    assert done.returncode == 2
    assert "expected" in done.stdout or "usage" in done.stdout


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "a+b", "a#b", "a:b", "hub", "viewer", "é", "a" * 64, "a\nb"])
def test_no_device_gets_a_name_that_the_broker_reads_otherwise(name: str) -> None:
    done = call(HUB / "add-device.sh", name)
    assert done.returncode == 2, done.stdout
    assert "usage" in done.stdout or "expected" in done.stdout or "program" in done.stdout or "option" in done.stdout


def test_the_collector_has_200_lines_at_most() -> None:
    """As README.md promises; without empty ones and comments."""
    lines: list[str] = []
    for path in (HUB / "emotion_hub").glob("*.py"):
        lines += [line.strip() for line in path.read_text().splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    assert len(code) <= 200
