"""Read gray frames from a camera that OpenCV has opened: a USB camera or a network stream."""

import time

import cv2
import numpy as np

from edge.cameras.frame import Closing, Frame
from edge.cameras.media.ffmpeg import pixel_aspect, upright, with_square_pixels
from edge.errors import CameraError


class Capture(Closing):
    """Gray frames of an opened `capture`; one that gives none for `patience_seconds` is lost."""

    def __init__(self, name: str, capture: cv2.VideoCapture, patience_seconds: float) -> None:
        self.name = name
        self._capture = upright(capture)
        self._patience_seconds = patience_seconds
        self._started_s = time.monotonic()
        self._aspect: float | None = None
        self._index = 0

    def read(self) -> Frame:
        deadline = time.monotonic() + self._patience_seconds
        while True:
            read, frame_bgr = self._capture.read()
            if read:
                break
            if time.monotonic() >= deadline:
                raise CameraError(f"{self.name}: gives no frames", "unplugged, or switched off?")
            time.sleep(0.05)  # a camera that is gone answers at once
        gray = np.asarray(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._aspect is None:
            self._aspect = pixel_aspect(self._capture)
        frame = Frame(
            with_square_pixels(gray, self._aspect),
            self._index,
            time.monotonic() - self._started_s,
        )
        self._index += 1
        return frame

    def close(self) -> None:
        self._capture.release()
