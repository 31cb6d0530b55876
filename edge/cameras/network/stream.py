"""Network cameras: RTSP over TCP or MJPEG over HTTP by OpenCV's FFmpeg, or one picture a request."""

import cv2

from edge.cameras.capture import Capture
from edge.cameras.frame import Camera
from edge.cameras.media.ffmpeg import prefer_tcp
from edge.cameras.network.probe import why_no_stream
from edge.cameras.network.snapshot import SnapshotCamera, is_snapshot
from edge.errors import CameraError
from edge.settings import CameraSettings
from edge.source import shown, stream_scheme


def open_stream(url: str, settings: CameraSettings) -> Camera:
    """Open what the address gives; raises CameraError where nothing answers in time."""
    may_be_snapshot = stream_scheme(url).startswith("http")
    try:
        camera = StreamCamera(url, settings)
    except CameraError:
        if may_be_snapshot and is_snapshot(url, settings.timeout_seconds):
            return SnapshotCamera(url, settings)
        raise
    # FFmpeg takes one picture for a video of one frame. It is asked first, as some cameras take one visitor alone.
    if may_be_snapshot and not camera.goes_on() and is_snapshot(url, settings.timeout_seconds):
        camera.close()
        return SnapshotCamera(url, settings)
    return camera


class StreamCamera(Capture):
    """The stream at `url`; raises CameraError, with the reason, where none answers in time."""

    def __init__(self, url: str, settings: CameraSettings) -> None:
        name = shown(url)
        timeout_ms = round(settings.timeout_seconds * 1000)
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            timeout_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            timeout_ms,
        ]
        scheme = stream_scheme(url)
        address = scheme + url[len(scheme) :]  # FFmpeg wants the scheme in small letters
        prefer_tcp()
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
        if not capture.isOpened():
            found, remedy = why_no_stream(url, settings.timeout_seconds)
            raise CameraError(f"{name}: {found}", remedy)
        super().__init__(name, capture, patience_seconds=0.0)  # FFmpeg itself waited for as long

    def goes_on(self) -> bool:
        """Whether a second frame follows the first; both are gone then."""
        return self._capture.grab() and self._capture.grab()
