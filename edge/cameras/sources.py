"""Choose and open the camera that the settings name."""

import logging
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path

from edge import settings
from edge.cameras.frame import Camera
from edge.cameras.live import LiveCamera
from edge.errors import CameraError, UsageError

DEMO_NAME = "demo"
DEMO = Path(__file__).resolve().parent.parent / "demo" / "demo.mp4"

log = logging.getLogger(__name__)


def open_camera(wanted: settings.Camera) -> Camera:
    """Open what `wanted.source` names; the caller closes it.

    `auto` takes the Pi camera, else the first USB camera, else the demo; `camera` stops before the demo.
    Raises UsageError where a path or name cannot be a source. A live camera is opened while this returns: its
    `read` raises CameraError where none answers.
    """
    open_device = _device(wanted)
    if open_device:
        hang_seconds = 2 * wanted.timeout_seconds + 1 / wanted.frames_per_second
        camera: Camera = LiveCamera(open_device, wanted.reconnect_seconds, hang_seconds)
    else:
        camera = _file(Path(wanted.source), wanted.realtime)
    if wanted.rotate_degrees or wanted.mirror:
        from edge.cameras.rotated import TurnedCamera

        return TurnedCamera(camera, wanted.rotate_degrees, wanted.mirror)
    return camera


def _device(wanted: settings.Camera) -> Callable[[], Camera] | None:
    """What opens the live camera that is wanted, time and again; None for files."""
    from edge.cameras import stream

    source = wanted.source
    if source == "auto":  # a camera that fails later is waited for: the demo is no replacement
        attempts = chain([partial(_first_camera, wanted, or_demo=True)], repeat(partial(_first_camera, wanted)))
        return lambda: next(attempts)()
    if source == "camera":
        return partial(_first_camera, wanted)
    if source == "picamera":
        return partial(_picamera, wanted)
    if source.startswith("usb:"):
        return _usb(source.removeprefix("usb:"), wanted)
    if stream.kind(source):
        return partial(stream.StreamCamera, source, wanted)
    return None


def _first_camera(wanted: settings.Camera, or_demo: bool = False) -> Camera:
    from edge.cameras.usb import UsbCamera, plugged_in

    attempts: list[Callable[[], Camera]] = [partial(_picamera, wanted)]
    attempts += [partial(UsbCamera, number, wanted) for number in plugged_in()]
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


def _picamera(wanted: settings.Camera) -> Camera:
    from edge.cameras.picamera import PiCamera

    return PiCamera(wanted)


def _usb(number: str, wanted: settings.Camera) -> Callable[[], Camera]:
    from edge.cameras.usb import UsbCamera

    if not number.isdecimal():
        raise UsageError(f"camera source 'usb:{number}': expected a number, as in usb:0")
    return partial(UsbCamera, int(number), wanted)


def _file(path: Path, realtime: bool) -> Camera:
    from edge.cameras.files import ImageFolder, VideoFile

    if path.is_dir():
        return ImageFolder(path)
    if path.is_file():
        return VideoFile(path, realtime)
    raise UsageError(
        f"{path}: no such file or folder; expected auto, camera, picamera, usb:N, rtsp://..., a video file or a folder"
    )
