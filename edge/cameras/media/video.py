"""Play a video file, at its own pace or flat out."""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Closing, Frame
from edge.cameras.media.container import AV1, Told, missing_decoder, read_container
from edge.cameras.media.ffmpeg import (
    DamagedFileError,
    guarded,
    open_video,
    pixel_aspect,
    with_square_pixels,
)
from edge.cameras.media.kinds import HEAD_BYTES, Kind, Medium, kind_of
from edge.cameras.media.picture import refusal, unreadable
from edge.cameras.media.regular import open_regular, shown
from edge.errors import UsageError

TRUNCATED_SHARE = 0.02  # a container's length may be off by a little; more missing than this is a damaged file
LONGEST_WAIT_SECONDS = 1.0  # a recording may pause for minutes, which a signal and the watchdog do not wait for
LENGTH_FROM_ZERO = ("Matroska", "FLV")  # their length counts from 0, whenever the first frame comes
MAX_FRAME_PIXELS = 36_000_000  # 8K has 33 million; a damaged file may claim any size
CONVERT = "convert it to H.264, as by ffmpeg -i FILE new.mp4"


class VideoFile(Closing):
    """A video by OpenCV's FFmpeg. `realtime` plays it at its own pace, dropping the frames that came due meanwhile and
    cutting pauses short; `colour` keeps each frame's colours beside its gray.

    Raises UsageError where it is no video; `read` raises DamagedFileError once where it ends early.
    """

    def __init__(
        self,
        path: Path,
        realtime: bool = False,
        colour: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = shown(path)
        self._realtime = realtime
        self._colour = colour
        self._clock = clock
        self._sleep = sleep
        try:
            self._file = open_regular(path)
            self._kind = kind_of(self._file.read(HEAD_BYTES), path.suffix)
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        try:
            self._told = self._verified(path, self._kind)
            with guarded(path):
                self._capture = open_video(self._file, path)
            self._check_opened()
        except Exception:
            self._file.close()
            raise
        self._read_lengths()
        self._started_s = clock()
        self._first_s = 0.0
        self._index = 0
        self._time_s = -self._frame_seconds
        self._aspect: float | None = None
        self._ended = False

    def read(self) -> Frame | None:
        if self._ended:
            return None
        self._ended = True  # unless a frame comes
        with guarded(self.name):
            picture_bgr = self._next_due()
            if picture_bgr is None:
                self._check_end()
                return None
            frame = self._frame(picture_bgr)
        self._ended = False
        return frame

    def close(self) -> None:
        self._capture.release()
        self._file.close()

    def _verified(self, path: Path, kind: Kind) -> Told:
        """What the container says; raises UsageError where it is none that FFmpeg may see."""
        if kind.medium is not Medium.VIDEO:
            raise (
                refusal(path, kind)
                if kind.medium is Medium.UNREADABLE
                else UsageError(f"{shown(path)}: not a readable video", "copy it again, or convert it to mp4")
            )
        return read_container(self._file, kind.name)

    def _check_opened(self) -> None:
        if not self._capture.isOpened():
            raise UsageError(*self._undecoded(self._told.codec))
        width = self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)
        height = self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        self._check_size(round(width), round(height))

    def _check_size(self, width: int, height: int) -> None:
        if width * height > MAX_FRAME_PIXELS:
            raise DamagedFileError(
                f"{self.name}: frames of {width}x{height}, expected at most {MAX_FRAME_PIXELS / 1e6:.0f} million "
                "pixels",
                "make it smaller",
            )

    def _undecoded(self, codec: str) -> tuple[str, str]:
        """Why no frame could be read, and what to do."""
        if lacking := missing_decoder(codec):
            return f"{self.name}: OpenCV {cv2.__version__} here has no {shown(lacking)} decoder", CONVERT
        return f"{self.name}: not a readable video, or damaged", f"copy it again, or {CONVERT}"

    def _read_lengths(self) -> None:
        """Frames and seconds that are to come, by all that is told; less of both is a damaged file."""
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self._frame_seconds = 1 / (fps if 0.1 < fps < 1000 else 25.0)
        self._frames = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)  # where not told: its length times `fps`
        self._length_seconds = self._frames / fps if fps > 0 else 0.0
        shown_seconds = self._told.shown_seconds
        if 0 < shown_seconds < self._length_seconds:
            self._frames *= shown_seconds / self._length_seconds
            self._length_seconds = shown_seconds

    def _next_due(self) -> npt.NDArray[np.uint8] | None:
        """The next frame's picture, (H, W, 3) uint8 BGR, once it is due; None at the end."""
        began = self._clock()
        while self._capture.grab():
            self._advance()
            if self._realtime and not self._keep_pace(began):
                self.dropped += 1
                continue
            read, frame_bgr = self._capture.retrieve()
            return np.asarray(frame_bgr, np.uint8) if read else None
        return None

    def _advance(self) -> None:
        """Count the frame just grabbed, and note its time: as the file says, else evenly."""
        if self._index == 0 and self._kind.name in LENGTH_FROM_ZERO:
            self._first_s = max(0.0, self._capture.get(cv2.CAP_PROP_PTS) * self._frame_seconds)  # told in frames
        self._index += 1
        told_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        self._time_s = told_s if told_s > self._time_s else self._time_s + self._frame_seconds

    def _keep_pace(self, began: float) -> bool:
        """Wait until this frame is due; False where the next one is due already."""
        now = self._clock()
        ahead_s = self._started_s + self._time_s - now
        if ahead_s <= -self._frame_seconds and now - began < LONGEST_WAIT_SECONDS:
            return False
        longest_s = max(LONGEST_WAIT_SECONDS, self._frame_seconds)
        self._started_s -= max(0.0, ahead_s - longest_s)
        self._sleep(min(max(0.0, ahead_s), longest_s))
        return True

    def _frame(self, picture_bgr: npt.NDArray[np.uint8]) -> Frame:
        height, width = picture_bgr.shape[:2]
        self._check_size(width, height)
        if self._aspect is None:
            self._aspect = pixel_aspect(self._capture)
        picture = with_square_pixels(picture_bgr, self._aspect) if self._colour else picture_bgr
        gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        if not self._colour:
            return Frame(with_square_pixels(gray, self._aspect), self._index - 1, self._time_s)
        return Frame(gray, self._index - 1, self._time_s, picture)

    def _check_end(self) -> None:
        """Raise DamagedFileError where the video ended early: both frames and seconds are missing.

        Too few frames alone may be a recording that pauses; too short a time alone, a last frame shown for long.
        """
        if self._index == 0:
            codec = self._told.codec or self._fourcc()
            raise DamagedFileError(*self._undecoded(codec if codec in AV1 else ""))  # others are not opened
        whole_s = self._length_seconds - self._first_s
        frames = self._frames - self._first_s / self._frame_seconds
        least_missing = max(2.0, frames * TRUNCATED_SHARE)
        missing_s = whole_s - self._time_s
        if frames - self._index > least_missing and missing_s > (least_missing + 1) * self._frame_seconds:
            raise DamagedFileError(
                f"{self.name}: damaged or cut off: {self._time_s:.1f} of {whole_s:.1f} s could be read",
                "copy it again; what came before is good",
            )

    def _fourcc(self) -> str:
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        return code.to_bytes(4, "little", signed=code < 0).decode("latin-1")
