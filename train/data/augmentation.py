"""Change training faces as cameras, detectors and people do: framing, light, sharpness,
compression.
"""

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
BLUR_SIGMA = (0.4, 1.1)  # px
JPEG_QUALITY = (30, 90)
ERASE_PROBABILITY = 0.1  # a hand, a microphone, a mask
ERASE_SIDE = (6, 18)  # px


def augment(images: np.ndarray, rng: np.random.Generator, part: slice = slice(None)) -> np.ndarray:
    """Return changed copies of `images[part]`, (N, 48, 48) uint8, gray.

    The same `rng` changes an image in the same way whatever the `part`: workers that share a
    batch see what one would. All chances are drawn for the batch at once: NumPy's calls would
    cost more than the pixels.
    """
    count = len(images)
    matrices = _framings(count, rng)[part]
    curves = _tone_curves(count, rng)[part]
    degrades = rng.random(count) < DEGRADE_PROBABILITY
    erases = rng.random(count) < ERASE_PROBABILITY
    seeds = rng.integers(0, 2**32, count)[part]
    changed = list(map(_view, images[part], matrices, curves))
    for index in np.flatnonzero(degrades[part]):
        changed[index] = _degrade(changed[index], np.random.default_rng(seeds[index]))
    for index in np.flatnonzero(erases[part]):
        _erase(changed[index], np.random.default_rng([seeds[index], 1]))
    return np.stack(changed)


def _framings(count: int, rng: np.random.Generator) -> np.ndarray:
    """Rotation, scale, shift and flip about the middle, (N, 2, 3) float64, as `cv2.warpAffine`
    takes them.
    """
    angle = np.radians(rng.uniform(-MAX_ROTATION_DEG, MAX_ROTATION_DEG, count))
    scale = rng.uniform(*SCALE, count)
    shift = rng.uniform(-MAX_SHIFT, MAX_SHIFT, (count, 2)) * INPUT_SIDE
    flip = np.where(rng.random(count) < FLIP_PROBABILITY, -1.0, 1.0)
    cosine = scale * np.cos(angle)
    sine = scale * np.sin(angle)
    upper = np.stack([cosine * flip, sine], axis=1)
    lower = np.stack([-sine * flip, cosine], axis=1)
    turn = np.stack([upper, lower], axis=1)
    centre = np.full(2, (INPUT_SIDE - 1) / 2)
    return np.concatenate([turn, (centre + shift - turn @ centre)[..., np.newaxis]], axis=2)


def _tone_curves(count: int, rng: np.random.Generator) -> np.ndarray:
    """Gamma, contrast and brightness as tables, (N, 256) uint8."""
    gamma = rng.uniform(*GAMMA, (count, 1))
    contrast = rng.uniform(*CONTRAST, (count, 1))
    brightness = rng.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS, (count, 1))
    levels = (np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5
    return np.clip(levels * 255 + brightness, 0, 255).astype(np.uint8)


def _view(image: np.ndarray, matrix: np.ndarray, curve: np.ndarray) -> np.ndarray:
    side = (INPUT_SIDE, INPUT_SIDE)
    framed = cv2.warpAffine(
        image, matrix, side, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return cv2.LUT(framed, curve)


def _degrade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lose detail by distance (down and up), blur, or JPEG blocks: one of them."""
    kind = rng.integers(3)
    if kind == 0:
        side = int(rng.integers(MIN_DEGRADED_SIDE, INPUT_SIDE))
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (INPUT_SIDE, INPUT_SIDE), interpolation=cv2.INTER_LINEAR)
    if kind == 1:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(*BLUR_SIGMA))
    quality = int(rng.integers(*JPEG_QUALITY))
    return cv2.imdecode(
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE
    )


def _erase(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = rng.integers(*ERASE_SIDE, size=2)
    top = rng.integers(0, INPUT_SIDE - height)
    left = rng.integers(0, INPUT_SIDE - width)
    image[top : top + height, left : left + width] = rng.integers(0, 256)
