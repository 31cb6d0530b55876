"""Set up OpenCV's FFmpeg so that every version of OpenCV reads alike.

| what | OpenCV 4.11 | OpenCV 4.14 | here |
|---|---|---|---|
| RTSP's transport | UDP | UDP | TCP, which firewalls let through, unless the user chose |
| a phone video's rotation | ignored | done | done |
| pixels that are not square | ignored | ignored | stretched to squares |
| EXIF of WebP | ignored | done | done (exif.py) |
| AVIF | not decoded | decoded | by Pillow, as HEIC, on both (heif.py) |
| AV1 | not decoded | decoded | said (container.py) |
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.media.regular import shown
from edge.errors import CameraError

OPTIONS_VARIABLE = "OPENCV_FFMPEG_CAPTURE_OPTIONS"  # "name;value|name;value", read whenever a video is opened
DESCRIPTOR_FOLDERS = ("/proc/self/fd", "/dev/fd")
MAX_PIXEL_ASPECT = 8.0  # more than any real video has; a damaged file may say anything


class DamagedFileError(CameraError):
    """The file, or the rest of it, cannot be read; what came before was good."""


@contextmanager
def guarded(name: str | Path) -> Iterator[None]:
    """Turn whatever OpenCV raises on odd content into a DamagedFileError that names the file."""
    try:
        yield
    except (cv2.error, MemoryError, ValueError, OverflowError, SystemError) as error:
        reason = getattr(error, "err", "") or str(error) or type(error).__name__
        raise DamagedFileError(
            f"{shown(name)}: cannot be decoded ({reason.splitlines()[0]})", "copy it again"
        ) from error


def open_video(file: BinaryIO, path: Path) -> cv2.VideoCapture:
    """Open `file`, that `path` names, by its descriptor: names mean things to FFmpeg (12:30.mp4, img_%02d.jpg).

    May be not opened, as `isOpened` says.
    """
    names = [f"{folder}/{file.fileno()}" for folder in DESCRIPTOR_FOLDERS]
    name = next((name for name in names if Path(name).exists()), str(path.absolute()))
    file.seek(0)
    return upright(cv2.VideoCapture(name, cv2.CAP_FFMPEG))


def upright(capture: cv2.VideoCapture) -> cv2.VideoCapture:
    """Have the frames of `capture` turned as the recording phone says; a webcam (V4L2) says nothing."""
    if is_ffmpeg(capture):
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def is_ffmpeg(capture: cv2.VideoCapture) -> bool:
    return capture.isOpened() and capture.getBackendName() == "FFMPEG"


def prefer_tcp() -> None:
    """Have RTSP come over TCP, unless the user's own options say otherwise: UDP waits in vain behind a firewall."""
    options = os.environ.get(OPTIONS_VARIABLE, "")
    if not any(option.startswith(("rtsp_transport;", "rtsp_flags;")) for option in options.split("|")):
        os.environ[OPTIONS_VARIABLE] = "|".join(filter(None, (options, "rtsp_transport;tcp")))


def pixel_aspect(capture: cv2.VideoCapture) -> float:
    """Width of a pixel of the frames that `capture` gives, in heights; 1 where not told."""
    if not is_ffmpeg(capture):
        return 1.0
    numerator = capture.get(cv2.CAP_PROP_SAR_NUM)
    denominator = capture.get(cv2.CAP_PROP_SAR_DEN)
    if not (numerator > 0 and denominator > 0):
        return 1.0
    aspect = numerator / denominator
    if not 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT:
        return 1.0
    lies_on_its_side = capture.get(cv2.CAP_PROP_ORIENTATION_META) in (90.0, 270.0)
    return 1 / aspect if lies_on_its_side else aspect


def with_square_pixels(picture: npt.NDArray[np.uint8], aspect: float) -> npt.NDArray[np.uint8]:
    """Stretch (H, W) or (H, W, 3) uint8 the way its pixels are long, as a player shows it; nothing is made smaller."""
    height, width = picture.shape[:2]
    size = max(width, round(width * aspect)), max(height, round(height / aspect))
    if size == (width, height):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
