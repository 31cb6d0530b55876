"""Frames for the stand-in camera, made of the demo."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.vision.detection import Haar

GOOD_FRAMES = 30
FACE_PX = 128  # side of a tile; the detector looks at a copy that is 0.31 times as large
COLUMNS = 10
ROWS = 5
CROWD_SIZE_WH = COLUMNS * FACE_PX, ROWS * FACE_PX


def write_good(path: Path) -> None:
    """(N, 480, 640) uint8: one moving face, forth and back."""
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in itertools.islice(iter(video.read, None), GOOD_FRAMES)]
    np.save(path, frames + frames[::-1])


def write_crowd(path: Path) -> None:
    """(N, 640, 1280) uint8: fifty faces that tremble a little."""
    with VideoFile(DEMO) as video:
        frames = [frame.gray for frame in iter(video.read, None)]
    tiles = [_face(frame) for frame in frames[:: len(frames) // (COLUMNS * ROWS)][: COLUMNS * ROWS]]
    lines = [np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)]
    crowd = np.vstack(lines)
    np.save(path, [np.roll(crowd, shift, axis=1) for shift in (0, 1, 2, 1)])


def _face(frame_gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The largest face of a frame with some of what is around it."""
    x, y, width, height = Haar().detect(frame_gray)[0].box_xywh
    margin = round(0.12 * width)
    left = max(round(x) - margin, 0)
    top = max(round(y) - margin, 0)
    part = frame_gray[top : round(y + height) + margin, left : round(x + width) + margin]
    return np.asarray(cv2.resize(part, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.uint8)
