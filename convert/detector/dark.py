"""The dark set: held-out photos in bad light, and with faces as large as the frame or cut by its edge.

Photo and kind alone decide what a copy looks like, so that two detectors are shown the same.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from train.detector.metrics import as_frame, ground_truth
from train.detector.photos import Photo
from train.detector.scenes.light import at_night, from_one_side, with_gamma, with_window

SEED = 23
AS_IT_IS = "as it is"
DARK_GAMMA = (2.0, 3.0)
BRIGHT_GAMMA = (0.3, 0.5)
FIGURE_GAMMA = (1.8, 3.0)  # of who stands before the light
SKY_GAMMA = (0.3, 0.6)  # of what is behind
FIGURE = (0.75, 1.0)  # half axes of the oval around a face, in its box's sides
FIGURE_RIM = 0.3  # of the box's width: how soft the oval's rim is
SIDE_DARK = (0.08, 0.3)
SIDE_BRIGHT = (1.0, 1.3)
SIDE_WIDTH = (0.03, 0.15)  # of the face's width: how soft the shadow's line is
WINDOW_SIDE = (0.2, 0.5)  # of the frame's
WINDOW_STRENGTH = (150.0, 255.0)
WINDOW_VEIL = (100.0, 180.0)
NIGHT_LIGHT = (0.25, 0.8)
NIGHT_ELECTRONS = (8.0, 40.0)
NIGHT_GRAIN = (0.3, 1.0)
LARGE = (0.75, 1.0)  # height of the face, as a share of the frame's
LEAST_LARGE_PX = 90.0  # of the photo: a smaller face would become a blur
VISIBLE = (0.55, 0.8)  # of the face that the edge cuts
CUT_HEIGHT = (0.45, 0.85)  # of it, as a share of the frame's
MOST_CONTINUED = 0.3  # of such a frame may lie beyond the photo
LIKE_A_FACE = 0.3  # of the frame's height: what a photo without faces is treated around

Place = np.ndarray  # (4,) box of a face, or of some part of a photo without


def dark_set(photos: tuple[Photo, ...]) -> dict[str, list[Photo]]:
    """The copies of each kind, as a camera's frames; photos of people without a face to be found are left out."""
    frames = [
        as_frame(photo) for photo in photos if not len(photo.boxes) or ground_truth(photo).any()
    ]
    kinds: dict[str, list[Photo]] = {AS_IT_IS: frames}
    for number, (kind, change) in enumerate(LIGHTS.items()):
        kinds[kind] = [change(frame, _rng(frame, number)) for frame in frames]
    for number, (kind, cut) in enumerate(CUTS.items(), start=len(LIGHTS)):
        cuts = [cut(photo, _rng(photo, number)) for photo in photos]
        kinds[kind] = [as_frame(one) for one in cuts if one is not None]
    return kinds


def _rng(photo: Photo, kind: int) -> np.random.Generator:
    return np.random.default_rng([SEED, kind, zlib.crc32(photo.path.name.encode())])


def _dark(photo: Photo, rng: np.random.Generator) -> Photo:
    return replace(photo, gray=with_gamma(photo.gray, rng.uniform(*DARK_GAMMA)))


def _bright(photo: Photo, rng: np.random.Generator) -> Photo:
    return replace(photo, gray=with_gamma(photo.gray, rng.uniform(*BRIGHT_GAMMA)))


def _back_lit(photo: Photo, rng: np.random.Generator) -> Photo:
    """Dark figures before a bright ground; the figures are ovals around the faces, and what is below."""
    figures = np.zeros(photo.gray.shape, np.uint8)
    for x, y, width, height in _places(photo, rng).tolist():
        middle = round(x + width / 2), round(y + height / 2)
        axes = round(width * FIGURE[0]), round(height * FIGURE[1])
        cv2.ellipse(figures, middle, axes, 0, 0, 360, [255], -1)
        below = round(middle[1] + height * 0.9)
        cv2.ellipse(
            figures, (middle[0], below + axes[1]), (2 * axes[0], axes[1]), 0, 0, 360, [255], -1
        )
    rim = max(1, round(width * FIGURE_RIM))
    soft = cv2.blur(figures, (rim, rim)).astype(np.float32) / 255
    dark = with_gamma(photo.gray, rng.uniform(*FIGURE_GAMMA)).astype(np.float32)
    sky = with_gamma(photo.gray, rng.uniform(*SKY_GAMMA)).astype(np.float32)
    return replace(photo, gray=(sky + (dark - sky) * soft).astype(np.uint8))


def _side_lit(photo: Photo, rng: np.random.Generator) -> Photo:
    """The shadow's line goes through the largest face."""
    x, y, width, height = _largest(_places(photo, rng)).tolist()
    middle = x + width * rng.uniform(0.35, 0.65), y + height / 2
    angle = rng.normal(0, 0.5) + np.pi * rng.integers(2)
    soft = width * rng.uniform(*SIDE_WIDTH)
    dark = rng.uniform(*SIDE_DARK)
    gray = from_one_side(photo.gray, middle, angle, soft, dark, rng.uniform(*SIDE_BRIGHT))
    return replace(photo, gray=gray)


def _before_window(photo: Photo, rng: np.random.Generator) -> Photo:
    """A window above one shoulder of the largest face: it covers no face, and its veil lies over all of them."""
    shape = np.array(photo.gray.shape[::-1])
    x, y, width, height = _largest(_places(photo, rng)).tolist()
    size = rng.uniform(*WINDOW_SIDE, 2) * shape
    side = rng.choice([-1, 1])
    middle = x + width / 2 + side * (width / 2 + size[0] / 2), y + height * rng.uniform(-0.2, 0.5)
    strength = rng.uniform(*WINDOW_STRENGTH)
    gray = with_window(photo.gray, middle, (size[0], size[1]), strength, rng.uniform(*WINDOW_VEIL))
    return replace(photo, gray=gray)


def _at_night(photo: Photo, rng: np.random.Generator) -> Photo:
    light = rng.uniform(*NIGHT_LIGHT)
    electrons = rng.uniform(*NIGHT_ELECTRONS)
    return replace(
        photo, gray=at_night(photo.gray, light, electrons, rng.uniform(*NIGHT_GRAIN), rng)
    )


def _filling(photo: Photo, rng: np.random.Generator) -> Photo | None:
    """Cut so that the largest face takes nearly all of the frame; None where there is none large enough."""
    box = _large(photo)
    if box is None:
        return None
    x, y, width, height = box.tolist()
    frame_height = height / rng.uniform(*LARGE)
    left = x + width / 2 - frame_height * rng.uniform(0.55, 0.78)
    return _cut_out(
        photo, box, left, y - (frame_height - height) * rng.uniform(0.2, 0.8), frame_height
    )


def _at_the_edge(photo: Photo, rng: np.random.Generator) -> Photo | None:
    """Cut so that an edge of the frame cuts the largest face; None where the photo has no room for it."""
    box = _large(photo)
    if box is None:
        return None
    x, y, width, height = box.tolist()
    frame_height = height / rng.uniform(*CUT_HEIGHT)
    hidden = 1 - rng.uniform(*VISIBLE)
    left = x + width / 2 - frame_height * rng.uniform(0.5, 0.8)
    top = y - (frame_height - height) * rng.uniform(0.2, 0.8)
    corners = [
        (x + width * hidden, top),
        (x + width * (1 - hidden) - frame_height * 4 / 3, top),
        (left, y + height * hidden),
        (left, y + height * (1 - hidden) - frame_height),
    ]
    cuts = [
        _cut_out(photo, box, corners[edge][0], corners[edge][1], frame_height)
        for edge in rng.permutation(len(corners))
    ]
    return next((cut for cut in cuts if cut is not None), None)


LIGHTS: dict[str, Callable[[Photo, np.random.Generator], Photo]] = {
    "dark": _dark,
    "washed out": _bright,
    "back-lit": _back_lit,
    "side light": _side_lit,
    "window": _before_window,
    "night": _at_night,
}
CUTS: dict[str, Callable[[Photo, np.random.Generator], Photo | None]] = {
    "fills the frame": _filling,
    "cut by the edge": _at_the_edge,
}


def _cut_out(photo: Photo, box: Place, left: float, top: float, height: float) -> Photo | None:
    """That 4:3 part of the photo with the one face; None where too much of it lies beyond the photo."""
    size = round(height * 4 / 3), round(height)
    inside = np.minimum(photo.gray.shape[::-1], [left + size[0], top + size[1]]) - np.maximum(
        [left, top], 0
    )
    if np.clip(inside, 0, None).prod() < (1 - MOST_CONTINUED) * size[0] * size[1]:
        return None
    move = np.array([[1, 0, -left], [0, 1, -top]])
    gray = cv2.warpAffine(photo.gray, move, size, borderMode=cv2.BORDER_REPLICATE)
    moved = (box - [left, top, 0, 0]).astype(np.float32)[np.newaxis]
    unknown = np.full((1, 10), np.nan, np.float32)
    return replace(photo, gray=gray, boxes=moved, scores=np.ones(1, np.float32), landmarks=unknown)


def _places(photo: Photo, rng: np.random.Generator) -> np.ndarray:
    """The faces, (N, 4), or one part of a photo without."""
    if len(photo.boxes):
        return photo.boxes
    height, width = photo.gray.shape
    side = height * LIKE_A_FACE
    x, y = rng.uniform(0.2, 0.8, 2) * [width, height] - side / 2
    return np.array([[x, y, side * 0.8, side]])


def _largest(places: np.ndarray) -> Place:
    return places[places[:, 2:].prod(axis=1).argmax()]


def _large(photo: Photo) -> Place | None:
    rows = ground_truth(photo)
    if not rows.any():
        return None
    box = _largest(photo.boxes[rows])
    return box if box[3] >= LEAST_LARGE_PX else None
