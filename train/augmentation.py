"""Change training faces as cameras, detectors and people do: framing, light, sharpness, compression."""

import cv2
import numpy as np

from edge.contract import INPUT_SIDE

FLIP_PROBABILITY = 0.5
MAX_SHIFT = 0.08  # of the side: how far a detector's box wanders
SCALE = (0.88, 1.15)  # a box cut too wide, too tight
MAX_ROTATION_DEG = 12.0
CONTRAST = (0.7, 1.35)
MAX_BRIGHTNESS = 30.0  # gray levels
GAMMA = (0.75, 1.35)
DEGRADE_PROBABILITY = 0.15  # a far face, a soft lens, a compressed stream
MIN_DEGRADED_SIDE = 24  # px: a face at the far end of a room
ERASE_PROBABILITY = 0.1  # a hand, a microphone, a mask
ERASE_SIDE = (6, 18)  # px


def augment(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return changed copies of `images`, (N, 48, 48) uint8, gray; the same `rng` gives the same copies."""
    return np.stack([_augment_one(image, rng) for image in images])


def _augment_one(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    image = cv2.LUT(_warp(image, rng), _tone_curve(rng))
    if rng.random() < DEGRADE_PROBABILITY:
        image = _degrade(image, rng)
    if rng.random() < ERASE_PROBABILITY:
        _erase(image, rng)
    return image


def _warp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    centre = (INPUT_SIDE - 1) / 2
    angle = rng.uniform(-MAX_ROTATION_DEG, MAX_ROTATION_DEG)
    matrix = cv2.getRotationMatrix2D((centre, centre), angle, rng.uniform(*SCALE))
    matrix[:, 2] += rng.uniform(-MAX_SHIFT, MAX_SHIFT, 2) * INPUT_SIDE
    if rng.random() < FLIP_PROBABILITY:
        image = image[:, ::-1].copy()
    return cv2.warpAffine(
        image, matrix, (INPUT_SIDE, INPUT_SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _tone_curve(rng: np.random.Generator) -> np.ndarray:
    """Contrast, brightness and gamma as one table, (256,) uint8."""
    levels = np.arange(256) / 255
    levels = levels ** rng.uniform(*GAMMA)
    levels = (levels - 0.5) * rng.uniform(*CONTRAST) + 0.5
    return np.clip(levels * 255 + rng.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS), 0, 255).astype(np.uint8)


def _degrade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lose detail by distance (down and up), blur, or JPEG blocks: one of them."""
    kind = rng.integers(3)
    if kind == 0:
        side = int(rng.integers(MIN_DEGRADED_SIDE, INPUT_SIDE))
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_LINEAR)
    if kind == 1:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.1))
    quality = int(rng.integers(30, 90))
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def _erase(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = rng.integers(*ERASE_SIDE, size=2)
    top, left = rng.integers(0, INPUT_SIDE - height), rng.integers(0, INPUT_SIDE - width)
    image[top : top + height, left : left + width] = rng.integers(0, 256)
