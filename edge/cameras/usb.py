"""USB cameras by V4L2."""

import time
from pathlib import Path

import cv2

from edge import settings
from edge.cameras.frame import Closing, Frame
from edge.errors import CameraError

SYSFS = Path("/sys/class/video4linux")


def plugged_in(sysfs: Path = SYSFS) -> list[int]:
    """Numbers of the /dev/video nodes that hang on USB; a Pi has a dozen others, for its codecs."""
    nodes = [node for node in sysfs.glob("video*") if "/usb" in str((node / "device").resolve())]
    return sorted(int(node.name.removeprefix("video")) for node in nodes)


class UsbCamera(Closing):
    """/dev/video<number>; raises CameraError where it is missing, held, or not a camera."""

    def __init__(self, number: int, wanted: settings.Camera) -> None:
        self.name = f"usb:{number}"
        device = Path(f"/dev/video{number}")
        if not device.exists():
            raise CameraError(f"USB camera: {device} is not there; plug it in, or choose another --source")
        self._timeout_seconds = wanted.timeout_seconds
        self._capture = cv2.VideoCapture(number, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraError(
                f"USB camera: {device} gives no pictures; is it held, or are you not in the group 'video'?"
            )
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height)
        self._capture.set(cv2.CAP_PROP_FPS, wanted.frames_per_second)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue of old ones
        self._started = time.monotonic()
        self._index = 0

    def read(self) -> Frame:
        deadline = time.monotonic() + self._timeout_seconds
        while True:
            read, frame_bgr = self._capture.read()
            if read:
                break
            if time.monotonic() > deadline:
                raise CameraError(f"USB camera: {self.name} gives no frames; unplugged?")
            time.sleep(0.05)  # a camera that is gone answers at once
        gray = cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY)
        frame = Frame(gray, self._index, time.monotonic() - self._started)  # type: ignore[arg-type]
        self._index += 1
        return frame

    def close(self) -> None:
        self._capture.release()
