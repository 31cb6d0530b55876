"""A photo as another camera might have framed it: at some size, place and tilt, with its faces'
labels moved along.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from train.detector.photos import Photo

CERTAIN = 0.7  # teacher's score from which it is a face
DOUBTFUL = 0.3  # from which it is to be ignored, neither face nor background
MIN_SIDE = 14.0  # px of the frame: smaller faces count neither for nor against
MIN_VISIBLE = 0.6  # of a face at the frame's edge
# Of a photo with people: its faces become small, but not more blurred than this.
ENLARGE = (0.2, 2.5)
BACKGROUND_ZOOM = (1.0, 2.2)  # from all of a background to one thing in it
TURNED_SHARE = 0.5  # of the backgrounds: at any angle, so that more can be learned from few
FOCUS_PLACE = (0.15, 0.85)


@dataclass(frozen=True)
class Scene:
    """A frame (H, W) uint8 and its N faces, in the frame's pixels."""

    gray: np.ndarray
    boxes: np.ndarray  # (N, 4) float32: x, y, width, height
    landmarks: np.ndarray  # (N, 10) float32; NaN where unknown
    valid: np.ndarray  # (N,) bool: a face to be found; else one to be left out of the loss

    def moved(self, dx: float, dy: float) -> "Scene":
        """The faces moved by (dx, dy) pixels, in the same frame."""
        boxes = self.boxes + np.array([dx, dy, 0, 0], np.float32)
        return replace(
            self, boxes=boxes, landmarks=self.landmarks + np.tile(np.array([dx, dy], np.float32), 5)
        )


def joined(gray: np.ndarray, parts: list[Scene]) -> Scene:
    """One scene of several, whose faces are in the pixels of `gray` already."""
    boxes = np.concatenate([part.boxes for part in parts])
    landmarks = np.concatenate([part.landmarks for part in parts])
    valid = np.concatenate([part.valid for part in parts])
    return Scene(gray, boxes, landmarks, valid)


def framed(
    photo: Photo,
    canvas: np.ndarray,
    face_side: tuple[float, float],
    rotation_deg: float,
    rng: np.random.Generator,
    focus_place: tuple[float, float] = FOCUS_PLACE,
) -> Scene:
    """Draw `photo` onto `canvas`, (H, W) uint8; one of its faces gets a side of `face_side` px.

    A photo without faces covers all of it. `rotation_deg` is the tilt's standard deviation;
    `focus_place` the shares of the frame between which the middle of that face lies.
    """
    size = np.array(canvas.shape[::-1])
    focus, scale = _focus(photo, size, face_side, rng)
    flip = rng.random() < 0.5
    target = rng.uniform(*focus_place, 2) * size
    angle = np.radians(rng.normal(0, rotation_deg))
    if not len(photo.boxes):
        target = size / 2
        angle = rng.uniform(-np.pi, np.pi) if rng.random() < TURNED_SHARE else angle
    cosine = scale * np.cos(angle)
    sine = scale * np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if flip else 1.0, 1.0])
    matrix = np.column_stack([turn, target - turn @ focus])
    shrunk, source = _for_warp(photo.gray, matrix)
    beyond = cv2.BORDER_TRANSPARENT if len(photo.boxes) else cv2.BORDER_REFLECT_101
    cv2.warpAffine(source, shrunk, size.tolist(), dst=canvas, borderMode=beyond)
    return _labelled(photo, canvas, matrix, scale, flip)


def _focus(
    photo: Photo, size: np.ndarray, face_side: tuple[float, float], rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """A point of the photo and the scale to show it at."""
    shape = np.array(photo.gray.shape[::-1])
    sure = np.flatnonzero(photo.scores >= CERTAIN)
    if len(sure) == 0:
        zoom = log_uniform(BACKGROUND_ZOOM, rng)
        reach = (1 - 1 / zoom) / 2  # from the middle, so that the frame stays within the photo
        return (0.5 + rng.uniform(-reach, reach, 2)) * shape, float((size / shape).max()) * zoom
    x, y, w, h = photo.boxes[rng.choice(sure)]
    scale = log_uniform(face_side, rng) / np.sqrt(w * h)
    return np.array([x + w / 2, y + h / 2]), float(np.clip(scale, *ENLARGE))


def _for_warp(gray: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Halve the photo as long as `matrix` shrinks it by more than a third: sampling alone would
    alias.
    """
    matrix = matrix.copy()
    while abs(np.linalg.det(matrix[:, :2])) < 0.67**2:
        gray = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= 2
    return matrix, gray


def _labelled(
    photo: Photo, gray: np.ndarray, matrix: np.ndarray, scale: float, flip: bool
) -> Scene:
    """The faces of `photo` where `matrix` moves them."""
    turn = matrix[:, :2].T
    sides = photo.boxes[:, 2:] * scale
    centres = (photo.boxes[:, :2] + photo.boxes[:, 2:] / 2) @ turn + matrix[:, 2]
    points = photo.landmarks.reshape(-1, 5, 2) @ turn + matrix[:, 2]
    if flip:
        points = points[:, [1, 0, 2, 4, 3]]  # right and left change places
    corners = centres - sides / 2
    areas = sides.prod(axis=1)
    seen = np.minimum(corners + sides, gray.shape[::-1]) - np.maximum(corners, 0)
    visible = np.clip(seen, 0, None).prod(axis=1) / np.maximum(areas, 1e-6)
    large = np.sqrt(areas) >= MIN_SIDE
    valid = (photo.scores >= CERTAIN) & large & (visible >= MIN_VISIBLE)
    kept = (photo.scores >= DOUBTFUL) & (visible > 0)
    boxes = np.concatenate([corners, sides], axis=1).astype(np.float32)
    landmarks = points.reshape(-1, 10).astype(np.float32)
    return Scene(gray, boxes[kept], landmarks[kept], valid[kept])


def log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))
