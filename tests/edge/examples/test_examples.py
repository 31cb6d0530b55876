"""Each example does what its first line says, on the demo in the place of a camera."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from edge.cameras import DEMO
from edge.settings import PROJECT
from tests.fakes.eventlog import fill
from tests.program import environment


def run(module: str, *arguments: object, then: str = "", **extra: str) -> str:
    """What the example and, after it in the same process, the code `then` print."""
    code = f"import runpy; names = runpy.run_module('edge.examples.{module}', run_name='__main__'); {then}"
    return execute(code, *arguments, **extra)


def execute(code: str, *arguments: object, **extra: str) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, env=environment(**extra), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_led_is_lit_while_somebody_smiles() -> None:
    pytest.importorskip("gpiozero")
    then = "from gpiozero import Device; print(*(int(change.state) for change in Device.pin_factory.pin(17).states))"
    states = run("smile_led", DEMO, then=then, GPIOZERO_PIN_FACTORY="mock").split()
    assert "1" in states  # Collins smiles
    assert states[-1] == "0"


def test_counts_by_hour_are_those_of_the_log(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    fill(tmp_path / "emotions.db", 60)
    printed = run("count_by_hour", tmp_path / "emotions.db")
    assert "emotion" in printed
    numbers = [int(word) for line in printed.splitlines()[2:] for word in line.split() if word.isdecimal()]
    assert sum(numbers) == 60


def test_a_webcam_is_recorded_with_boxes(tmp_path: Path) -> None:
    run("annotate_webcam", DEMO, tmp_path / "out.avi", 3)
    recorded = cv2.VideoCapture(str(tmp_path / "out.avi"))
    there, frame = recorded.read()
    recorded.release()
    assert there
    assert frame.shape == (480, 640, 3)
    assert (frame[..., 1] > frame[..., 2] + 60).any()  # the green of a certain emotion's box


def test_the_stream_is_made_of_pictures() -> None:
    pytest.importorskip("flask")
    names = "import runpy; pictures = runpy.run_module('edge.examples.flask_stream')['pictures'](); "
    printed = execute(names + "print(next(pictures)[:40], next(pictures).count(bytes([255, 216, 255])))", DEMO)
    assert "image/jpeg" in printed
    assert printed.split()[-1] == "1"
