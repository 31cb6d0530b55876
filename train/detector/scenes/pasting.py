"""What is pasted into a frame: faces of FER2013, and distractors.

Without the latter an oval with a soft rim would be enough to make a face.
"""

import cv2
import numpy as np

SIDE = 48  # px of what is pasted, as FER2013 has it
DRAWN_SHARE = 0.5  # of the distractors, the others are cut from photos
CUT_SIDE = (24, 160)  # px of the photo
RINGS = (1, 6)  # how many
SPOKES = (3, 13)
_offset = np.arange(SIDE) - (SIDE - 1) / 2
_distance = np.hypot(_offset[np.newaxis] / 21.0, _offset[:, np.newaxis] / 24.0)
MASK = np.clip((1.0 - _distance) / 0.18, 0.0, 1.0).astype(np.float32)  # an oval with a soft rim


def paste(
    gray: np.ndarray, patch: np.ndarray, centre: np.ndarray, side: float, angle_deg: float
) -> None:
    """Blend the oval in `patch`, (48, 48) uint8, into `gray`, turned and `side` px wide."""
    shrink = max(1, round(SIDE / side))  # averaged before it is sampled
    pixels = SIDE // shrink
    reach = side * 0.75  # the turned square's corners
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.minimum(np.ceil(centre + reach), gray.shape[::-1]).astype(int)
    middle = (pixels - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), angle_deg, side / pixels)
    matrix = np.asarray(turn, np.float64)
    matrix[:, 2] += centre - low - middle
    size = (high - low).tolist()
    warped = _turned(patch, pixels, matrix, size)
    mask = _turned(MASK, pixels, matrix, size)
    place = gray[low[1] : high[1], low[0] : high[0]]
    blended = place + (warped.astype(np.float32) - place) * mask
    place[:] = np.where(mask > 0, blended, place)


def _turned(part: np.ndarray, pixels: int, matrix: np.ndarray, size: list[int]) -> np.ndarray:
    """`part`, made `pixels` wide, as `matrix` places it in a frame of `size`."""
    small = cv2.resize(part, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return cv2.warpAffine(np.ascontiguousarray(small), matrix, size)


def distractor(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return something round that is no face, (48, 48) uint8.

    It is drawn, or a piece of the face-free `photo`.
    """
    if rng.random() < DRAWN_SHARE:
        return _wheel(rng)
    side = min(int(rng.integers(*CUT_SIDE)), *photo.shape)
    top = rng.integers(photo.shape[0] - side + 1)
    left = rng.integers(photo.shape[1] - side + 1)
    piece = photo[top : top + side, left : left + side]
    return cv2.resize(piece, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _wheel(rng: np.random.Generator) -> np.ndarray:
    """Rings, and spokes or dots around the middle, as wheels, dials, lamps and emblems have them."""
    patch = np.full((SIDE, SIDE), rng.integers(256), np.uint8)
    middle = np.full(2, SIDE // 2)
    for radius in sorted(rng.uniform(2, SIDE / 2, rng.integers(*RINGS)), reverse=True):
        shade = int(rng.integers(256))
        cv2.circle(patch, middle.tolist(), round(radius), [shade], -1, cv2.LINE_AA)
    inner, outer = np.sort(rng.uniform(2, SIDE / 2, 2))
    shade = int(rng.integers(256))
    thickness = int(rng.integers(1, 6))
    dots = rng.random() < 0.5
    count = rng.integers(*SPOKES)
    for angle in rng.uniform(0, 7) + np.arange(count) * 2 * np.pi / count:
        direction = np.array([np.cos(angle), np.sin(angle)])
        near = np.round(middle + inner * direction).astype(int).tolist()
        far = np.round(middle + outer * direction).astype(int).tolist()
        if dots:
            cv2.circle(patch, far, thickness, [shade], -1, cv2.LINE_AA)
        else:
            cv2.line(patch, near, far, [shade], thickness, cv2.LINE_AA)
    return patch
