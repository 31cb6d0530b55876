"""The device's requirements resolve to aarch64 wheels on both Pi OS releases."""

import subprocess
import sys
from pathlib import Path

import pytest

from convert.wheels import pip_arguments, requirements_for

REQUIREMENTS = Path(__file__).parent.parent / "requirements-edge.txt"
EXTRAS = [REQUIREMENTS.parent / "edge" / f"requirements-{name}.txt" for name in ("report", "heif")]


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("3.11", ["numpy<2,>=1.24", "opencv-python-headless==4.11.0.86", "ai-edge-litert==2.3.0"]),
        ("3.13", ["numpy<3,>=2.2", "opencv-python-headless==4.14.0.94", "ai-edge-litert==2.3.0"]),
    ],
)
def test_markers_choose_the_pins_of_each_release(python: str, expected: list[str]) -> None:
    assert requirements_for(REQUIREMENTS.read_text().splitlines(), python)[:3] == expected


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_pip_resolves_to_aarch64_wheels(python: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    done = subprocess.run([*command, *pip_arguments(REQUIREMENTS, python)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved = done.stdout.rsplit("Would install", 1)[1]
    major = "numpy-1." if python == "3.11" else "numpy-2."
    assert major in resolved
    assert "ai-edge-litert-2.3.0" in resolved


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_extras_requirements_leave_the_devices_numpy_alone(python: str, tmp_path: Path) -> None:
    together = tmp_path / "together.txt"
    together.write_text("".join(path.read_text() for path in (REQUIREMENTS, *EXTRAS)))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    done = subprocess.run([*command, *pip_arguments(together, python)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved = done.stdout.rsplit("Would install", 1)[1]
    assert ("numpy-1." if python == "3.11" else "numpy-2.") in resolved
    assert "pandas-2." in resolved
    assert "pillow_heif-1.8.1" in resolved.replace("-heif", "_heif")
