"""USB cameras by V4L2."""

import re
from pathlib import Path

import cv2

from edge.cameras.capture import Capture
from edge.errors import CameraError
from edge.settings import CameraSettings
from edge.source import shown

SYSFS = Path("/sys/class/video4linux")
YUYV_BYTES_A_PIXEL = 2
# What a USB 2 port carries without compression: 640x480 at 30 frames a second, the most that webcams offer so.
LARGEST_YUYV_RATE = 640 * 480 * 30 * YUYV_BYTES_A_PIXEL
MJPG = cv2.VideoWriter.fourcc(*"MJPG")


def plugged_in(sysfs: Path = SYSFS) -> list[int]:
    """Numbers of the /dev/video nodes that hang on USB; a Pi has a dozen others, for its codecs."""
    nodes = [node for node in sysfs.glob("video*") if "/usb" in str((node / "device").resolve())]
    return sorted(int(node.name.removeprefix("video")) for node in nodes)


class UsbCamera(Capture):
    """The camera at `device`, /dev/videoN or a link to it.

    Raises CameraError where it is missing, held, or not a camera.
    """

    def __init__(self, device: str, settings: CameraSettings) -> None:
        name = shown(device)
        number = node_number(Path(device))
        if number is None:
            raise CameraError(f"USB camera: {name} is not there", "plug it in, or choose another --source")
        capture = cv2.VideoCapture(number, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                f"USB camera: {name} gives no pictures",
                "is it held, or are you not in the group 'video'?",
            )
        configure(capture, settings)
        if match := re.fullmatch("/dev/video([0-9]+)", device):
            name = f"usb:{match[1]}"
        super().__init__(name, capture, settings.timeout_seconds)


def node_number(device: Path) -> int | None:
    """N of the /dev/videoN that `device` is or leads to: the links below /dev/v4l stay the same when N changes."""
    try:
        node = device.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
        return None
    match = re.fullmatch("/dev/video([0-9]+)", str(node))
    return int(match[1]) if match else None


def configure(capture: cv2.VideoCapture, settings: CameraSettings) -> None:
    """Ask for size and rate, compressed (MJPG) where they are too much for plain pictures (YUYV) or come slower so."""
    rate = settings.width * settings.height * settings.frames_per_second * YUYV_BYTES_A_PIXEL
    if rate > LARGEST_YUYV_RATE:
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
    _ask(capture, settings)
    # 0 where the driver does not tell
    if rate <= LARGEST_YUYV_RATE and 0 < capture.get(cv2.CAP_PROP_FPS) < 0.9 * settings.frames_per_second:
        capture.set(cv2.CAP_PROP_FOURCC, MJPG)
        _ask(capture, settings)


def _ask(capture: cv2.VideoCapture, settings: CameraSettings) -> None:
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
    capture.set(cv2.CAP_PROP_FPS, settings.frames_per_second)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not a queue of old ones
