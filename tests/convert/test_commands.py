"""What a command does not need it does not import: the release is packed where only the device's packages are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.settings import PROJECT
from tests.synthetic import write_photos

WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
sys.argv = ["convert", *{arguments!r}]
from convert.__main__ import main
sys.exit(main())
"""
TRAINING_ONLY = ["tensorflow", "keras", "pandas", "sklearn", "scipy", "matplotlib", "jinja2", "packaging"]


def run(missing: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m convert` where the packages `missing` are not installed."""
    program = WITHOUT.format(missing=missing, arguments=arguments)
    return subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)


def test_a_release_is_packed_with_the_devices_packages_alone(tmp_path: Path) -> None:
    done = run(TRAINING_ONLY, "bundle", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.suffix for path in sorted(tmp_path.iterdir())] == [".gz", ".sha256"]


def test_deploying_needs_the_devices_packages_alone() -> None:
    done = run(TRAINING_ONLY, "deploy", "ssh://pi@127.0.0.1:1")
    assert done.returncode == 1, done.stderr
    assert "must work first" in done.stderr


@pytest.mark.parametrize(
    "command", ["", "quantize", "evaluate", "evaluate-detector", "bundle", "deploy", "measure-crop"]
)
def test_help_needs_nothing(command: str) -> None:
    done = run([*TRAINING_ONLY], *filter(None, [command]), "--help")
    assert done.returncode == 0, done.stderr


def test_detectors_are_evaluated_without_tensorflow(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    write_photos(photos)
    out = tmp_path / "figures.json"
    arguments = ["--photos", str(photos), "--yunet", "none", "--json", str(out), "--picture", str(tmp_path / "a.png")]
    done = run(["tensorflow", "keras"], "evaluate-detector", *arguments)
    assert done.returncode == 0, done.stderr
    assert [row["detector"] for row in json.loads(out.read_text())] == ["graynet", "haar"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["quantize", "none.keras", "--data", "none.csv", "--out", "none.tflite"],
        ["adjust-prior", "none.tflite", "--data", "none.csv", "--out", "other.tflite"],
        ["to-keras", "none.tflite", "--recipe", "emotion", "--data", "none.csv", "--out", "none.keras"],
    ],
)
def test_nothing_is_printed_but_what_was_wrong_and_what_to_do(arguments: list[str]) -> None:
    done = run([], *arguments)
    assert done.returncode in (2, 66, 78), done.stderr
    assert len(done.stderr.splitlines()) == 2, done.stderr
