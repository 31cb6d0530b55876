"""Choose and open the camera that the settings name."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge.cameras.frame import Camera
from edge.cameras.live import LiveCamera
from edge.errors import CameraError, UsageError
from edge.settings import CameraSettings
from edge.source import EXPECTED, HIDDEN, existing_path, stream_scheme

DEMO = Path(__file__).resolve().parent.parent / "demo" / "demo.mp4"

logger = logging.getLogger(__name__)


class CameraSource:
    """What the settings name, to be opened time and again."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._camera_seen = False

    def open(self) -> Camera:
        """Open it; the caller closes it.

        `auto` takes the Pi camera, else the first USB camera, else the demo; `camera` stops before the demo.
        Raises UsageError where a path or name cannot be a source. A live camera is opened while this returns: its
        `read` raises CameraError where none answers.
        """
        settings = self._settings
        open_device = self._device()
        if open_device:
            hang_seconds = 2 * settings.timeout_seconds + 1 / settings.frames_per_second
            camera: Camera = LiveCamera(open_device, settings.reconnect_seconds, hang_seconds)
        else:
            camera = _file(settings)
        if settings.rotate_degrees or settings.mirror:
            from edge.cameras.rotated import RotatedCamera

            return RotatedCamera(camera, settings.rotate_degrees, settings.mirror)
        return camera

    def _device(self) -> Callable[[], Camera] | None:
        """What opens the live camera of the settings, time and again; None for files."""
        source = self._settings.source
        if source == "auto":
            return self._camera_or_demo
        if source == "camera":
            return partial(_first_camera, self._settings)
        if source == "picamera" or source.startswith("picamera:"):
            return partial(_picamera, self._settings, source.removeprefix("picamera").removeprefix(":"))
        if source.startswith(("usb:", "/dev/video", "/dev/v4l/")):
            return _usb(source.removeprefix("usb:"), self._settings)
        if stream_scheme(source):
            return partial(_stream, source, self._settings)
        return None

    def _camera_or_demo(self) -> Camera:
        """The demo is no replacement: a camera that was there once, and is gone, is waited for."""
        try:
            camera = _first_camera(self._settings)
        except CameraError as error:
            if self._camera_seen:
                raise
            logger.warning("%s; showing the demo", error.found)
            from edge.cameras.demo import DemoVideo

            return DemoVideo()
        self._camera_seen = True
        return camera


def open_camera(settings: CameraSettings) -> Camera:
    """Open what `settings.source` names, once; see `CameraSource.open`."""
    return CameraSource(settings).open()


def _first_camera(settings: CameraSettings) -> Camera:
    from edge.cameras.usb import UsbCamera, plugged_in

    attempts: list[Callable[[], Camera]] = [partial(_picamera, settings)]
    attempts += [partial(UsbCamera, f"/dev/video{number}", settings) for number in plugged_in()]
    reasons = []
    for attempt in attempts:
        try:
            return attempt()
        except CameraError as error:
            reasons.append(f"{error.found} ({error.remedy})" if error.remedy else error.found)
    if len(attempts) == 1:
        reasons.append("USB camera: none plugged in")
    raise CameraError("no camera found: " + "; ".join(reasons), "plug one in, or name another in camera.source")


def _picamera(settings: CameraSettings, which: str = "") -> Camera:
    from edge.cameras.picamera import PiCamera

    return PiCamera(settings, which)


def _usb(device: str, settings: CameraSettings) -> Callable[[], Camera]:
    from edge.cameras.usb import UsbCamera

    if device.isascii() and device.isdecimal():
        device = f"/dev/video{int(device)}"
    if not device.startswith("/dev/"):
        raise UsageError(
            "camera source usb:...: expected a number or a path behind it", "write usb:0 or usb:/dev/v4l/by-id/..."
        )
    return partial(UsbCamera, device, settings)


def _stream(url: str, settings: CameraSettings) -> Camera:
    from edge.cameras.network.stream import open_stream

    return open_stream(url, settings)


def _file(settings: CameraSettings) -> Camera:
    from edge.cameras.media.files import ImageFolder, open_file

    path = existing_path(settings.source)
    if path is None:
        raise UsageError(
            f"camera source {HIDDEN}: no such file or folder (from {Path.cwd()}), and no camera",
            f"expected {EXPECTED}",
        )
    if path.is_dir():
        return ImageFolder(path, settings.max_megapixels)
    return open_file(path, settings.realtime, max_megapixels=settings.max_megapixels)
