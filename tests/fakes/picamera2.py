"""Stands in for picamera2, whose frames come padded as a Pi 5 gives them."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest

WIDTH, HEIGHT, STRIDE = 704, 480, 768  # the Pi 5 pads 704 columns to 768


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
