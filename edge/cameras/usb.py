"""USB cameras by V4L2."""

from pathlib import Path

import cv2

from edge.cameras.capture import Capture
from edge.errors import CameraError
from edge.settings import CameraSettings

SYSFS = Path("/sys/class/video4linux")


def plugged_in(sysfs: Path = SYSFS) -> list[int]:
    """Numbers of the /dev/video nodes that hang on USB; a Pi has a dozen others, for its codecs."""
    nodes = [node for node in sysfs.glob("video*") if "/usb" in str((node / "device").resolve())]
    return sorted(int(node.name.removeprefix("video")) for node in nodes)


class UsbCamera(Capture):
    """/dev/video<number>; raises CameraError where it is missing, held, or not a camera."""

    def __init__(self, number: int, settings: CameraSettings) -> None:
        device = Path(f"/dev/video{number}")
        if not device.exists():
            raise CameraError(f"USB camera: {device} is not there; plug it in, or choose another --source")
        capture = cv2.VideoCapture(number, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                f"USB camera: {device} gives no pictures; is it held, or are you not in the group 'video'?"
            )
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        capture.set(cv2.CAP_PROP_FPS, settings.frames_per_second)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue of old ones
        super().__init__(f"usb:{number}", capture, settings.timeout_seconds)
