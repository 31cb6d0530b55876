"""Bad light on a gray frame: the sun behind, a lamp at one side, a window in the picture, a sensor at night.

Each function takes and returns `gray`, (H, W) uint8.
"""

import cv2
import numpy as np

LEVELS = np.linspace(0, 1, 256)
MOST = 255
READING = 4.0  # electrons, variance: what reading a small sensor adds


def with_gamma(gray: np.ndarray, gamma: float) -> np.ndarray:
    """Darker from 1 up, brighter below."""
    return cv2.LUT(gray, np.round(LEVELS**gamma * MOST).astype(np.uint8))


def from_one_side(
    gray: np.ndarray,
    middle: tuple[float, float],
    angle: float,
    width: float,
    dark: float,
    bright: float,
) -> np.ndarray:
    """Light that falls from `bright` to `dark`, in times of before, across a line through `middle` (x, y).

    `angle` in radians says which way the light falls, `width` in pixels how soft the line is.
    """
    along, across = _grid(gray.shape)
    distance = (along - middle[0]) * np.cos(angle) + (across - middle[1]) * np.sin(angle)
    share = 1 / (1 + np.exp(-np.clip(distance / width, -30, 30)))
    return cv2.multiply(
        gray, (bright + (dark - bright) * share).astype(np.float32), dtype=cv2.CV_8U
    )


def with_window(
    gray: np.ndarray,
    middle: tuple[float, float],
    size: tuple[float, float],
    strength: float,
    veil: float,
) -> np.ndarray:
    """A bright rectangle that overexposes what is in it, and its veil of stray light over what is around.

    `strength` is how bright the window is and `veil` how bright its haze, both in gray levels; far from the window
    the haze falls to a third.
    """
    height, width = gray.shape
    window = np.zeros(gray.shape, np.float32)
    left, top = (round(place - side / 2) for place, side in zip(middle, size, strict=True))
    right, bottom = (round(place + side / 2) for place, side in zip(middle, size, strict=True))
    window[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = 1
    window = np.asarray(cv2.blur(window, (5, 5)), np.float32)
    along, across = _grid(gray.shape)
    distance = np.hypot(along - middle[0], across - middle[1]) / np.hypot(height, width)
    haze = veil * (1 / 3 + 2 / 3 * np.exp(-((distance / 0.35) ** 2)))
    lit = gray * (1 - haze / MOST) + haze + strength * window
    return np.clip(lit, 0, MOST).astype(np.uint8)


def at_night(
    gray: np.ndarray, light: float, electrons: float, grain: float, rng: np.random.Generator
) -> np.ndarray:
    """What a small sensor makes of little light: shot noise of `electrons` at white, softened, and amplified.

    `light` is how bright the picture is afterwards, 1 as before; `grain` the width in pixels to which the camera's
    own smoothing spreads the noise.
    """
    signal = gray.astype(np.float32) * (electrons / MOST)
    noise = rng.standard_normal(gray.shape, np.float32) * np.sqrt(signal + READING)
    seen: np.ndarray = signal + noise
    if grain > 0:
        seen = cv2.GaussianBlur(seen, (0, 0), grain)
    return np.clip(seen * (light * MOST / electrons), 0, MOST).astype(np.uint8)


def _grid(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """x, (1, W), and y, (H, 1), of every pixel."""
    height, width = shape
    along = np.arange(width, dtype=np.float32)[np.newaxis]
    return along, np.arange(height, dtype=np.float32)[:, np.newaxis]
