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
        camera = _file(Path(settings.source), settings)
    if settings.rotate_degrees or settings.mirror:
        from edge.cameras.rotated import TurnedCamera

        return TurnedCamera(camera, settings.rotate_degrees, settings.mirror)
    return camera


def _device(settings: CameraSettings) -> Callable[[], Camera] | None:
    """What opens the live camera of the settings, time and again; None for files."""
    from edge.cameras import stream

    source = settings.source
    if source == "auto":  # a camera that fails later is waited for: the demo is no replacement
        attempts = chain([partial(_first_camera, settings, or_demo=True)], repeat(partial(_first_camera, settings)))
        return lambda: next(attempts)()
    if source == "camera":
        return partial(_first_camera, settings)
    if source == "picamera":
        return partial(_picamera, settings)
    if source.startswith("usb:"):
        return _usb(source.removeprefix("usb:"), settings)
    if stream.kind(source):
        return partial(stream.StreamCamera, source, settings)
    return None


def _first_camera(settings: CameraSettings, or_demo: bool = False) -> Camera:
    from edge.cameras.usb import UsbCamera, plugged_in

    attempts: list[Callable[[], Camera]] = [partial(_picamera, settings)]
    attempts += [partial(UsbCamera, number, settings) for number in plugged_in()]
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


def _picamera(settings: CameraSettings) -> Camera:
    from edge.cameras.picamera import PiCamera

    return PiCamera(settings)


def _usb(number: str, settings: CameraSettings) -> Callable[[], Camera]:
    from edge.cameras.usb import UsbCamera

    if not number.isdecimal():
        raise UsageError(f"camera source 'usb:{number}': expected a number, as in usb:0")
    return partial(UsbCamera, int(number), settings)


def _file(path: Path, settings: CameraSettings) -> Camera:
    from edge.cameras.files import ImageFolder, open_file
    from edge.cameras.regular import shown

    if path.is_dir():
        return ImageFolder(path, settings.max_megapixels)
    if path.exists():
        return open_file(path, settings.realtime, max_megapixels=settings.max_megapixels)
    raise UsageError(
        f"{shown(path)}: no such file or folder; expected auto, camera, picamera, usb:N, rtsp://..., a video file or a folder"
    )
