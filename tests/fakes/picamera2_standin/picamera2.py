"""Stands in for the Pi's camera: gives the frames of $CAMERA_FRAMES, degraded as the file $CAMERA_FAULT says."""

import os
import threading
from pathlib import Path

import numpy as np

FRAMES_PER_SECOND = 30
FAULT = Path(os.environ["CAMERA_FAULT"])
NEVER = threading.Event()  # `time.sleep` fails under libfaketime: EINVAL
NOISE = np.random.default_rng(0)


class Picamera2:
    camera_controls = ()
    given = 0

    def __init__(self, camera_num=0):
        self._frames = np.load(os.environ["CAMERA_FRAMES"], mmap_mode="r")  # (N, H, W) uint8
        self._index = 0

    @staticmethod
    def global_camera_info():
        return [] if FAULT.read_text() == "unplugged" else [{"Model": "stand-in"}]

    def create_video_configuration(self, **configuration):
        return configuration

    def capture_request(self, wait):
        NEVER.wait(1 / FRAMES_PER_SECOND)
        fault = FAULT.read_text()
        if fault == "late":
            NEVER.wait(0.8 * wait)
        elif fault == "missing":
            NEVER.wait(wait)
            raise TimeoutError
        elif fault == "gone":
            raise RuntimeError("Camera frontend has timed out!")
        elif fault == "ten frames":
            type(self).given += 1
            if self.given > 10:  # however often it is opened
                raise TimeoutError(f"waited {wait} s")
        elif fault == "hang for ever":
            NEVER.wait()
        while FAULT.read_text() == "hang":
            NEVER.wait(0.05)
        return self

    def make_array(self, name):
        self._index += 1
        frame = degrade(self._frames[self._index % len(self._frames)], FAULT.read_text())
        return np.pad(frame, ((0, frame.shape[0] // 2), (0, 64)))  # chroma below, the Pi 5's padding beside

    def configure(self, configuration):
        pass

    def start(self):
        pass

    def release(self):
        pass

    def cancel_all_and_flush(self):
        pass

    def close(self):
        pass


def degrade(frame, fault):
    if fault in ("black", "white"):
        return np.full_like(frame, 255 * (fault == "white"))
    if fault == "noise":
        return NOISE.integers(0, 256, frame.shape, dtype=np.uint8)
    if fault == "too small":
        return frame[::2, ::2]
    if fault == "too large":
        return np.repeat(np.repeat(frame, 2, 0), 2, 1)
    if fault == "empty":
        return frame[:0, :0]
    return frame
