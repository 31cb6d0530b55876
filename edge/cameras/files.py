"""Frames from files: a video at its own pace or flat out, and a folder of images."""

import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Closing, Frame
from edge.errors import CameraError, UsageError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mjpeg")
TRUNCATED_SHARE = 0.02  # a container's length may be off by a little; more missing than this is a damaged file
LONGEST_WAIT_SECONDS = 1.0  # a recording may pause for minutes, which a signal and the watchdog do not wait for
TEXT_FOURCC = cv2.VideoWriter.fourcc(*"ansi")  # FFmpeg plays any .txt, as text art


class DamagedFileError(CameraError):
    """The file ends early; the frames before that were good."""


class VideoFile(Closing):
    """A video by OpenCV's ffmpeg. `realtime` plays it at its own pace, dropping the frames that came due meanwhile and
    cutting pauses short.

    Raises UsageError where it is no video; `read` raises DamagedFileError once where it ends early.
    """

    def __init__(self, path: Path, realtime: bool = False) -> None:
        self.name = str(path)
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened() or self._capture.get(cv2.CAP_PROP_FOURCC) == TEXT_FOURCC:
            raise UsageError(f"{path}: not a readable video; copy it again, or convert it to mp4")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._frame_seconds = 1 / (fps if 0.1 < fps < 1000 else 25.0)
        self._frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)  # where not told: its length times `fps`
        self._length_seconds = self._frames / fps if fps > 0 else 0.0
        self._realtime, self._started = realtime, time.monotonic()
        self._index, self._time_s = 0, -self._frame_seconds

    def read(self) -> Frame | None:
        began = time.monotonic()
        while self._capture.grab():
            index, self._index, self._time_s = self._index, self._index + 1, self._next_time_s()
            if self._realtime:
                now = time.monotonic()
                ahead_s = self._started + self._time_s - now
                if ahead_s <= -self._frame_seconds and now - began < LONGEST_WAIT_SECONDS:
                    self.dropped += 1
                    continue
                longest_s = max(LONGEST_WAIT_SECONDS, self._frame_seconds)
                self._started -= max(0.0, ahead_s - longest_s)
                time.sleep(min(max(0.0, ahead_s), longest_s))
            read, frame_bgr = self._capture.retrieve()
            if not read:
                break
            gray = np.asarray(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
            return Frame(gray, index, self._time_s)
        self._check_end()
        return None

    def close(self) -> None:
        self._capture.release()

    def _next_time_s(self) -> float:
        """As the file says, whose frames may be unevenly apart; where it does not say, evenly."""
        told_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return told_s if told_s > self._time_s else self._time_s + self._frame_seconds

    def _check_end(self) -> None:
        """Too few frames alone may be a recording that pauses, too short a time alone a last frame that is shown for long."""
        frames, length_s, found_s, self._frames = self._frames, self._length_seconds, self._time_s, 0.0
        least_missing = max(2.0, frames * TRUNCATED_SHARE)
        if frames - self._index > least_missing and length_s - found_s > (least_missing + 1) * self._frame_seconds:
            raise DamagedFileError(f"{self.name}: damaged or cut off: {found_s:.1f} of {length_s:.1f} s could be read")


class ImageFolder(Closing):
    """The images of a folder and its subfolders, by name; raises UsageError where there are none."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
        if not self._paths:
            raise UsageError(f"{folder}: no images; expected files ending in {', '.join(IMAGE_SUFFIXES)}")
        self._index = 0

    def read(self) -> Frame | None:
        if self._index == len(self._paths):
            return None
        path, index = self._paths[self._index], self._index
        self._index += 1
        return Frame(read_image(path), index, float(index))


def read_image(path: Path) -> npt.NDArray[np.uint8]:
    """Read a photo as (H, W) uint8 gray, turned as its EXIF data says.

    Raises DamagedFileError where it is no image or one that is cut off: decoding from memory, unlike `cv2.imread`,
    refuses it instead of filling the rest with gray.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedFileError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    except cv2.error:  # says that it is larger than OpenCV's limit of 2^30 pixels
        image = None
    if image is None:
        raise DamagedFileError(f"{path}: not a readable image, or cut off; copy it again")
    return np.asarray(image, dtype=np.uint8)
