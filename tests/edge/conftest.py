"""What the device's tests share: the shipped model, faces of the demo, a way to run the real program."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL
from tests.fakes.picamera2 import picamera2  # noqa: F401, a fixture
from tests.fakes.snapshots import snapshots  # noqa: F401, a fixture
from tests.fakes.streams import mjpeg, rtsp  # noqa: F401, fixtures
from tests.program import Program, change_manifest, environment

# A shell's background jobs ignore Ctrl-C, and so would every program that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples each time, and no judgement on how long they take: the machine may be busy.
hypothesis_settings.register_profile(
    "edge", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("edge")


@pytest.fixture(scope="session")
def demo_frames() -> list[np.ndarray]:
    """Every 30th frame of the demo: Collins (0-1), Hopper (2-3), both (4-5)."""
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)]
    return frames[::30]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the shipped model with its manifest, to be corrupted."""
    for source in (DEFAULT_MODEL, DEFAULT_MODEL.with_suffix(".json")):
        shutil.copy(source, tmp_path)
    return tmp_path / DEFAULT_MODEL.name


@pytest.fixture
def face_model(tmp_path: Path) -> Path:
    """A copy of the shipped face detector with its manifest, to be corrupted."""
    for source in (DEFAULT_GRAYNET, DEFAULT_GRAYNET.with_suffix(".json")):
        shutil.copy(source, tmp_path)
    return tmp_path / DEFAULT_GRAYNET.name


@pytest.fixture
def edit_manifest(model: Path) -> Callable[..., None]:
    return partial(change_manifest, model)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run `python -m edge ...` in a folder of its own, and make sure that no one sees a traceback."""

    def run(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(**extra), capture_output=True, text=True, timeout=600
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run
