"""Seven ways in which the picture of a face gets worse, each in steps; the first step of each changes nothing.

Each takes a frame, (H, W) uint8, the face's box in it, and the step, and gives the frame that is left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from train.detector.scenes.light import MOST, READING, at_night, with_gamma

FACE_PX = 96.0  # height of the face in every step but those of the height: a person at 1.1 m of a Camera Module 3

Box = tuple[float, float, float, float]
Change = Callable[[np.ndarray, Box, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Degradation:
    name: str
    unit: str
    steps: tuple[float, ...]
    change: Change


def electrons(sigma: float) -> float:
    """How many a pixel of white must hold so that middle gray has noise of `sigma` gray levels.

    Shot noise is the root of the signal: sigma = MOST * sqrt(N / 2 + READING) / N, solved for N.
    """
    share = (sigma / MOST) ** 2
    return float((0.5 + np.sqrt(0.25 + 4 * READING * share)) / (2 * share))


def _smaller(frame: np.ndarray, box: Box, height_px: float, rng: np.random.Generator) -> np.ndarray:
    """The frame has the face in that height already."""
    return frame


def _with_gamma(frame: np.ndarray, box: Box, gamma: float, rng: np.random.Generator) -> np.ndarray:
    return with_gamma(frame, gamma)


def _noisy(frame: np.ndarray, box: Box, sigma: float, rng: np.random.Generator) -> np.ndarray:
    return at_night(frame, 1.0, electrons(sigma), 0.0, rng) if sigma else frame


def _blurred(frame: np.ndarray, box: Box, sigma_px: float, rng: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(frame, (0, 0), sigma_px) if sigma_px else frame


def _compressed(
    frame: np.ndarray, box: Box, quality: float, rng: np.random.Generator
) -> np.ndarray:
    coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


def _tilted(frame: np.ndarray, box: Box, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """The whole frame, turned about the face to either side."""
    x, y, width, height = box
    angle = degrees * float(rng.choice([-1, 1]))
    turn = cv2.getRotationMatrix2D((x + width / 2, y + height / 2), angle, 1.0)
    return cv2.warpAffine(frame, turn, frame.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def _covered(frame: np.ndarray, box: Box, percent: float, rng: np.random.Generator) -> np.ndarray:
    """A scarf, a hand, a cup: that part of the face's height, from the chin up, is one gray, the face's own mean."""
    x, y, width, height = (round(value) for value in box)
    left, right = max(x, 0), max(x + width, 0)
    top, bottom = max(round(y + height * (1 - percent / 100)), 0), max(y + height, 0)
    hidden = frame.copy()
    hidden[top:bottom, left:right] = int(frame[max(y, 0) : bottom, left:right].mean())
    return hidden


HEIGHT = Degradation("height of the face", "px", (96, 64, 48, 40, 32, 24, 20, 16), _smaller)
DEGRADATIONS = (
    HEIGHT,
    Degradation("darkness", "gamma", (1, 1.5, 2, 2.5, 3), _with_gamma),
    Degradation("glare", "gamma", (1, 0.75, 0.6, 0.45, 0.3), _with_gamma),
    Degradation("noise at night", "gray levels", (0, 10, 20, 30, 45, 60), _noisy),
    Degradation("blur", "px, sigma", (0, 1, 2, 3, 4, 6), _blurred),
    Degradation("compression", "JPEG quality", (95, 70, 50, 30, 15, 5), _compressed),
    Degradation("tilt", "degrees", (0, 10, 20, 30, 45), _tilted),
    Degradation("covered from below", "% of the face", (0, 15, 30, 40, 50), _covered),
)
