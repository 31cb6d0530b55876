"""Stand-ins for picamera2, whose frames come padded as a Pi 5 gives them.

Here the one for tests in this process; picamera2_standin/ has one for processes, and picamera2_virtual/ lets the real
picamera2 use libcamera's virtual camera.
"""

import sys
import types
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from edge.settings import PROJECT

WIDTH, HEIGHT, STRIDE = 704, 480, 768  # the Pi 5 pads 704 columns to 768
STANDIN = Path(__file__).parent / "picamera2_standin"
"""a folder for PYTHONPATH: the stand-in for processes"""


def standin_variables(folder: Path, frames: np.ndarray, fault: str = "good") -> dict[str, str]:
    """The environment of a process whose Pi camera gives `frames`, (N, H, W) uint8; CAMERA_FAULT names a file.

    What is written into that file, at first `fault`, befalls the camera from then on.
    """
    frames_path = folder / "frames.npy"
    np.save(frames_path, frames)
    fault_path = folder / "fault"
    fault_path.write_text(fault)
    return {
        "PYTHONPATH": f"{PROJECT}:{STANDIN}",
        "CAMERA_FRAMES": str(frames_path),
        "CAMERA_FAULT": str(fault_path),
    }


class FakeRequest:
    def __init__(self, broken: bool) -> None:
        self.released = False
        self._broken = broken

    def make_array(self, name: str) -> np.ndarray:
        if self._broken:
            raise RuntimeError("buffer lost")
        yuv = np.full((HEIGHT * 3 // 2, STRIDE), 255, np.uint8)
        yuv[:HEIGHT, :WIDTH] = 77
        return yuv

    def release(self) -> None:
        self.released = True


class FakePicamera2:
    """What the daemon uses of picamera2, in the simplest way possible."""

    cameras: ClassVar[list[dict[str, object]]] = [{"Model": "imx708", "Num": 0, "Id": "/base/axi/i2c@88000/imx708@1a"}]
    requests: ClassVar[list[FakeRequest]] = []
    opened: ClassVar[list[int]] = []
    configured: ClassVar[list[dict[str, dict[str, object]]]] = []
    camera_controls: ClassVar[dict[str, tuple[float, float, float]]] = {"FrameDurationLimits": (47183, 220417486, 0)}
    silent = False
    broken = False
    held = False
    closed = 0
    cancelled = 0

    def __init__(self, camera_num: int = 0) -> None:
        if self.held:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.opened.append(camera_num)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, object]]:
        return cls.cameras

    def create_video_configuration(self, **configuration: object) -> dict[str, object]:
        return configuration

    def configure(self, configuration: dict[str, dict[str, object]]) -> None:
        assert configuration["main"]["format"] == "YUV420"
        self.configured.append(configuration)

    def start(self) -> None:
        pass

    def capture_request(self, wait: float) -> FakeRequest:
        if self.silent:
            raise TimeoutError("no frame")
        type(self).requests.append(FakeRequest(self.broken))
        return self.requests[-1]

    def cancel_all_and_flush(self) -> None:
        type(self).cancelled += 1

    def close(self) -> None:
        type(self).closed += 1


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    fake = type("Picamera2", (FakePicamera2,), {"requests": [], "opened": [], "configured": []})
    module = types.ModuleType("picamera2")
    module.Picamera2 = fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return fake
