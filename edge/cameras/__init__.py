"""Where frames come from: one protocol, one module a kind, and `open_camera`, which chooses."""

import logging
from functools import partial
from pathlib import Path

from edge import settings
from edge.cameras.frame import Camera, Frame
from edge.errors import CameraError, UsageError

__all__ = ["Camera", "Frame", "open_camera"]

DEMO = Path(__file__).resolve().parent.parent / "demo" / "demo.mp4"

log = logging.getLogger(__name__)


def open_camera(wanted: settings.Camera) -> Camera:
    """Open what `wanted.source` names; the caller closes it.

    `auto` takes the Pi camera, else the first USB camera, else the demo; `camera` stops before the demo.
    Raises CameraError where no camera answers, UsageError where a path or name cannot be a source.
    """
    if wanted.source in ("auto", "camera"):
        return _first_camera(wanted)
    if wanted.source == "picamera":
        return _picamera(wanted)
    if wanted.source.startswith("usb:"):
        return _usb(wanted, wanted.source.removeprefix("usb:"))
    return _path(Path(wanted.source))


def _first_camera(wanted: settings.Camera) -> Camera:
    from edge.cameras.usb import plugged_in

    attempts = [partial(_picamera, wanted), *(partial(_usb, wanted, str(number)) for number in plugged_in())]
    reasons = []
    for attempt in attempts:
        try:
            return attempt()
        except CameraError as error:
            reasons.append(str(error))
    if len(attempts) == 1:
        reasons.append("USB camera: none plugged in")
    if wanted.source == "camera":
        raise CameraError("no camera found: " + "; ".join(reasons))
    log.warning("no camera found, showing the demo (%s)", "; ".join(reasons))
    from edge.cameras.files import VideoFile

    demo = VideoFile(DEMO, realtime=True)
    demo.name = "demo"
    return demo


def _picamera(wanted: settings.Camera) -> Camera:
    from edge.cameras.picamera import PiCamera

    return PiCamera(wanted)


def _usb(wanted: settings.Camera, number: str) -> Camera:
    from edge.cameras.usb import UsbCamera

    if not number.isdecimal():
        raise UsageError(f"camera source 'usb:{number}': expected a number, as in usb:0")
    return UsbCamera(int(number), wanted)


def _path(path: Path) -> Camera:
    from edge.cameras.files import ImageFolder, VideoFile

    if path.is_dir():
        return ImageFolder(path)
    if path.is_file():
        return VideoFile(path, realtime=True)
    raise UsageError(
        f"{path}: no such file or folder; expected auto, camera, picamera, usb:N, a video file or a folder"
    )
