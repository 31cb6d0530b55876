"""Make what against_fer.py shows to both sides: 640x480 frames with one face and without, and videos of them."""

from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

SIZE_WH = (640, 480)
NOISE = 4.0  # gray levels, as of an indoor camera: a still picture would be too easy


def one_face(clip: Path, count: int) -> np.ndarray:
    """The first `count` frames of `clip`, its middle filled into 640x480: `(N, 480, 640, 3) uint8, BGR`."""
    capture = cv2.VideoCapture(str(clip))
    frames = []
    while len(frames) < count:
        read, frame = capture.read()
        if not read:
            raise SystemExit(f"{clip}: expected a video of {count} frames or more, found {len(frames)}")
        frames.append(_filled(frame))
    return np.stack(frames)


def no_face(count: int) -> np.ndarray:
    """Soft shadows with a camera's noise, `(N, 480, 640, 3) uint8, BGR`."""
    rng = np.random.default_rng(0)
    shadows = cv2.resize(rng.uniform(60, 190, (6, 8)), SIZE_WH, interpolation=cv2.INTER_CUBIC)
    noisy = (shadows + rng.normal(0, NOISE, (count, *shadows.shape))).clip(0, 255).astype(np.uint8)
    return np.repeat(noisy[..., np.newaxis], 3, axis=3)


def write(path: Path, frames: np.ndarray, frames_per_second: float, seconds: float) -> None:
    """Write `frames` over and over as a video of `seconds`."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), frames_per_second, SIZE_WH)
    for frame in islice(cycle(frames), int(seconds * frames_per_second)):
        writer.write(frame)
    writer.release()


def _filled(frame: np.ndarray) -> np.ndarray:
    width, height = SIZE_WH
    scale = max(width / frame.shape[1], height / frame.shape[0])
    large = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top = (large.shape[0] - height) // 2
    left = (large.shape[1] - width) // 2
    return large[top : top + height, left : left + width]
