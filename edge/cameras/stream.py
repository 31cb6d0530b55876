"""Network cameras by OpenCV's FFmpeg: RTSP over TCP, or MJPEG over HTTP."""

import re

import cv2

from edge.cameras.capture import Capture
from edge.cameras.ffmpeg import prefer_tcp
from edge.errors import CameraError, UsageError
from edge.settings import CameraSettings

SCHEMES = ("rtsp", "rtsps", "http", "https")


def kind(source: str) -> str:
    """Which of `SCHEMES` the address `source` begins with; empty where it is none. Raises UsageError for another."""
    scheme, separator, _ = source.partition("://")
    if separator and scheme.lower() not in SCHEMES:  # the rest may hold a password
        raise UsageError(f"camera source {scheme}://...: expected {', '.join(SCHEMES)}, a file or a camera")
    return scheme.lower() if separator else ""


class StreamCamera(Capture):
    """The stream at `url`; raises CameraError where none answers in time."""

    def __init__(self, url: str, settings: CameraSettings) -> None:
        name = public_name(url)
        timeout_ms = round(settings.timeout_seconds * 1000)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms]
        scheme = kind(url)
        address = scheme + url[len(scheme) :]  # FFmpeg wants the scheme in small letters
        prefer_tcp()
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
        if not capture.isOpened():
            raise CameraError(f"{name}: no stream there; check address, name and password, and that the camera is on")
        super().__init__(name, capture, patience_seconds=0.0)  # FFmpeg itself waited for as long


def public_name(url: str) -> str:
    """The address without user, password and query, which may hold a key: it goes to the log.

    Nothing but its kind is left where that cannot be told apart.
    """
    scheme, _, rest = url.partition("://")
    if re.search("[?#].*@", rest):  # in a password, or an address in the query
        return f"{scheme}://..."
    return f"{scheme}://{re.split('[?#]', rest.rpartition('@')[2])[0]}"
