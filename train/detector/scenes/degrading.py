"""What a cheap camera does to a frame: light, sharpness, noise, compression."""

import cv2
import numpy as np

from train.detector.network import FRAME_SHAPE

CLEAN_SHARE = 0.3  # of the scenes: as the photo is
GAMMA = (0.6, 1.6)
CONTRAST = (0.5, 1.3)
BRIGHTNESS = 40.0  # gray levels at most
SLOPE = (0.4, 1.3)  # of the light, at either edge of the frame
SHRINKING = (0.45, 0.9)
BLUR_SIGMA = (0.4, 1.4)  # px
NOISE_SIGMA = 12.0  # gray levels at most: a small sensor in a dark room
JPEG_QUALITY = (25, 90)
CHANCES = {"light": 0.3, "shrink": 0.15, "blur": 0.2, "noise": 0.4, "jpeg": 0.3}
NOISE_SHAPE = (2 * FRAME_SHAPE[0], 2 * FRAME_SHAPE[1])
NOISE_BANK = np.random.default_rng(0).normal(0, 1, NOISE_SHAPE).astype(np.float32)


def degrade(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `gray`, (H, W) uint8, as a cheap camera would have seen it."""
    happens = {name: rng.random() < chance for name, chance in CHANCES.items()}
    gray = _toned(gray, rng)
    if happens["light"]:
        gray = _lit_from_a_side(gray, rng)
    if happens["shrink"]:
        gray = _shrunk(gray, rng)
    if happens["blur"]:
        gray = cv2.GaussianBlur(gray, (0, 0), rng.uniform(*BLUR_SIGMA))
    if happens["noise"]:
        gray = _noisy(gray, rng)
    if happens["jpeg"]:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*JPEG_QUALITY))]
        gray = cv2.imdecode(cv2.imencode(".jpg", gray, quality)[1], cv2.IMREAD_GRAYSCALE)
    return gray


def _toned(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change gamma, contrast and brightness."""
    gamma = rng.uniform(*GAMMA)
    contrast = rng.uniform(*CONTRAST)
    levels = ((np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5) * 255
    levels = levels + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    return cv2.LUT(gray, np.clip(levels, 0, 255).astype(np.uint8))


def _lit_from_a_side(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = gray.shape
    top, bottom = rng.uniform(*SLOPE, 2)
    left, right = rng.uniform(*SLOPE, 2)
    down = np.linspace(top, bottom, height)
    across = np.linspace(left, right, width)
    slope = np.outer(down, across).astype(np.float32)
    return cv2.multiply(gray, slope, dtype=cv2.CV_8U)


def _shrunk(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lose detail: make it smaller, and large again."""
    height, width = gray.shape
    share = rng.uniform(*SHRINKING)
    small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _noisy(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = gray.shape
    top = rng.integers(NOISE_SHAPE[0] - height)
    left = rng.integers(NOISE_SHAPE[1] - width)
    sigma = np.float32(rng.uniform(1, NOISE_SIGMA))
    noise = NOISE_BANK[top : top + height, left : left + width] * sigma
    return cv2.add(gray, noise, dtype=cv2.CV_8U)
