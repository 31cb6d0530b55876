"""Choose and open the camera that the settings name."""

import logging
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path

from edge.cameras.frame import Camera
from edge.cameras.live import LiveCamera
from edge.errors import CameraError, UsageError
from edge.settings import CameraSettings
from edge.source import EXPECTED, HIDDEN, existing_path, stream_scheme

DEMO_NAME = "demo"
DEMO = Path(__file__).resolve().parent.parent / "demo" / "demo.mp4"

log = logging.getLogger(__name__)


def open_camera(settings: CameraSettings) -> Camera:
    """Open what `settings.source` names; the caller closes it.

    `auto` takes the Pi camera, else the first USB camera, else the demo; `camera` stops before the demo.
    Raises UsageError where a path or name cannot be a source. A live camera is opened while this returns: its
    `read` raises CameraError where none answers.
    """
    open_device = _device(settings)
    if open_device:
        hang_seconds = 2 * settings.timeout_seconds + 1 / settings.frames_per_second
        camera: Camera = LiveCamera(open_device, settings.reconnect_seconds, hang_seconds)
    else:
        camera = _file(settings)
    if settings.rotate_degrees or settings.mirror:
        from edge.cameras.rotated import TurnedCamera

        return TurnedCamera(camera, settings.rotate_degrees, settings.mirror)
    return camera


def _device(settings: CameraSettings) -> Callable[[], Camera] | None:
    """What opens the live camera of the settings, time and again; None for files."""
    source = settings.source
    if source == "auto":  # a camera that fails later is waited for: the demo is no replacement
        attempts = chain([partial(_first_camera, settings, or_demo=True)], repeat(partial(_first_camera, settings)))
        return lambda: next(attempts)()
    if source == "camera":
        return partial(_first_camera, settings)
    if source == "picamera" or source.startswith("picamera:"):
        return partial(_picamera, settings, source.removeprefix("picamera").removeprefix(":"))
    if source.startswith(("usb:", "/dev/video", "/dev/v4l/")):
        return _usb(source.removeprefix("usb:"), settings)
    if stream_scheme(source):
        return partial(_stream, source, settings)
    return None


def _first_camera(settings: CameraSettings, or_demo: bool = False) -> Camera:
    from edge.cameras.usb import UsbCamera, plugged_in

    attempts: list[Callable[[], Camera]] = [partial(_picamera, settings)]
    attempts += [partial(UsbCamera, f"/dev/video{number}", settings) for number in plugged_in()]
    reasons = []
    for attempt in attempts:
        try:
            return attempt()
        except CameraError as error:
            reasons.append(str(error))
    if len(attempts) == 1:
        reasons.append("USB camera: none plugged in")
    if not or_demo:
        raise CameraError("no camera found: " + "; ".join(reasons))
    log.warning("no camera found, showing the demo (%s)", "; ".join(reasons))
    from edge.cameras.files import VideoFile

    demo = VideoFile(DEMO, realtime=True)
    demo.name = DEMO_NAME
    return demo


def _picamera(settings: CameraSettings, which: str = "") -> Camera:
    from edge.cameras.picamera import PiCamera

    return PiCamera(settings, which)


def _usb(device: str, settings: CameraSettings) -> Callable[[], Camera]:
    from edge.cameras.usb import UsbCamera

    if device.isascii() and device.isdecimal():
        device = f"/dev/video{int(device)}"
    if not device.startswith("/dev/"):
        raise UsageError("camera source usb:...: expected a number as in usb:0, or a path as in usb:/dev/v4l/by-id/...")
    return partial(UsbCamera, device, settings)


def _stream(url: str, settings: CameraSettings) -> Camera:
    from edge.cameras.stream import open_stream

    return open_stream(url, settings)


def _file(settings: CameraSettings) -> Camera:
    from edge.cameras.files import ImageFolder, open_file

    path = existing_path(settings.source)
    if path is None:
        raise UsageError(
            f"camera source {HIDDEN}: no such file or folder (from {Path.cwd()}), and no camera; expected {EXPECTED}"
        )
    if path.is_dir():
        return ImageFolder(path, settings.max_megapixels)
    return open_file(path, settings.realtime, max_megapixels=settings.max_megapixels)
