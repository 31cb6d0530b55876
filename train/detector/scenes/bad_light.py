"""A frame in bad light: what a window, a lamp at one side, the sun or the night make of a room."""

import cv2
import numpy as np

from train.detector.scenes.framing import Scene, log_uniform
from train.detector.scenes.light import at_night, from_one_side, with_gamma, with_window

CHANCES = {"gamma": 0.35, "side": 0.12, "window": 0.12, "night": 0.12}
GAMMA = (0.3, 3.0)  # from a face that the lamp bleaches to one before a window
SIDE_PLACE = (0.1, 0.9)  # of the frame, that the shadow's line goes through
SIDE_WIDTH = (0.02, 0.15)  # of the frame's width: from a hard shadow to a soft one
SIDE_DARK = (0.08, 0.5)
SIDE_BRIGHT = (0.9, 1.5)
WINDOW_SIDE = (0.1, 0.6)  # of the frame's
WINDOW_STRENGTH = (100.0, 255.0)  # gray levels
WINDOW_VEIL = (0.0, 150.0)  # gray levels
NIGHT_LIGHT = (0.4, 1.2)
NIGHT_ELECTRONS = (10.0, 120.0)  # at white: a gray face has some ten of them then
NIGHT_GRAIN = (0.0, 1.2)  # px
COARSE_SIDE = 10  # px, to which a face is shrunk so that noise cancels out
LEAST_CONTRAST = 5.0  # gray levels, standard deviation: below it nobody could see the face


def in_bad_light(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `gray`, (H, W) uint8, in no, one or several kinds of bad light."""
    happens = {name: rng.random() < chance for name, chance in CHANCES.items()}
    if happens["gamma"]:
        gray = with_gamma(gray, log_uniform(GAMMA, rng))
    if happens["side"]:
        gray = _with_shadow(gray, rng)
    if happens["window"]:
        gray = _with_window(gray, rng)
    if happens["night"]:
        light = rng.uniform(*NIGHT_LIGHT)
        electrons = rng.uniform(*NIGHT_ELECTRONS)
        gray = at_night(gray, light, electrons, rng.uniform(*NIGHT_GRAIN), rng)
    return gray


def _with_shadow(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One side of the frame, or of a face, lies in the dark."""
    size = np.array(gray.shape[::-1])
    middle_x, middle_y = rng.uniform(*SIDE_PLACE, 2) * size
    angle = rng.uniform(0, 2 * np.pi)
    width = rng.uniform(*SIDE_WIDTH) * size[0]
    dark = rng.uniform(*SIDE_DARK)
    return from_one_side(gray, (middle_x, middle_y), angle, width, dark, rng.uniform(*SIDE_BRIGHT))


def _with_window(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = np.array(gray.shape[::-1])
    middle_x, middle_y = rng.uniform(0, 1, 2) * size
    width, height = rng.uniform(*WINDOW_SIDE, 2) * size
    strength = rng.uniform(*WINDOW_STRENGTH)
    veil = rng.uniform(*WINDOW_VEIL)
    return with_window(gray, (middle_x, middle_y), (width, height), strength, veil)


def visible(scene: Scene) -> np.ndarray:
    """Which of the faces, (N,) bool, are more than noise, or a part of a white window."""
    return np.array([_contrast(scene.gray, box) >= LEAST_CONTRAST for box in scene.boxes], bool)


def _contrast(gray: np.ndarray, box: np.ndarray) -> float:
    x, y, width, height = box.tolist()
    face = gray[
        max(round(y), 0) : max(round(y + height), 0), max(round(x), 0) : max(round(x + width), 0)
    ]
    if not face.size:
        return 0.0
    coarse = cv2.resize(face, (COARSE_SIDE, COARSE_SIDE), interpolation=cv2.INTER_AREA)
    return float(coarse.std())
