"""Draw training frames for the detector: photos at a random framing, faces pasted in, a cheap
camera's faults.
"""

from dataclasses import replace

import numpy as np

from train.detector.network import FRAME_SHAPE
from train.detector.photos import Photo
from train.detector.scenes.degrading import CLEAN_SHARE, degrade
from train.detector.scenes.framing import Scene, framed, joined, log_uniform
from train.detector.scenes.pasting import distractor, paste

HEIGHT, WIDTH = FRAME_SHAPE[:2]
FACE_SIDE = (16.0, 200.0)  # px: from what a detector may just see to one that fills the frame
MOSAIC_SHARE = 0.4  # of the scenes: four in one, so that a step teaches more faces, and small ones
MOSAIC_FACE_SIDE = (16.0, 64.0)  # px
MOSAIC_SPLIT = (0.3, 0.7)  # of the frame: where the four meet
ROTATION_DEG = 10.0  # standard deviation
BACKGROUND_SHARE = 0.35  # of the scenes: a photo without people
PASTE_SHARE = 0.7  # of the backgrounds: with FER2013 faces and distractors
PASTED = (1, 5)  # of them
DISTRACTOR_SHARE = 0.5  # of what is pasted: without them, car wheels were taken for faces
PASTED_SIDE = (16.0, 110.0)  # px of the box
MOST_PASTED = 0.8  # of the frame's shorter side, that the box of what is pasted takes
FER_SIDE = 1.11  # side of a FER2013 image, in sides of YuNet's box (`convert measure-crop`)


class Scenes:
    """Draws scenes from `photos` and `faces` (M, 48, 48) uint8; safe to use from several
    threads.
    """

    def __init__(self, photos: tuple[Photo, ...], faces: np.ndarray) -> None:
        self._people = [photo for photo in photos if len(photo.boxes)]
        self._backgrounds = [photo for photo in photos if not len(photo.boxes)]
        self._faces = faces
        weights = [photo.weight for photo in self._people]
        self._chances = np.cumsum(weights) / np.sum(weights)

    def draw(self, rng: np.random.Generator) -> Scene:
        """A scene of (HEIGHT, WIDTH)."""
        mosaic = rng.random() < MOSAIC_SHARE
        scene = self._mosaic(rng) if mosaic else self._part((WIDTH, HEIGHT), FACE_SIDE, rng)
        return (
            scene if rng.random() < CLEAN_SHARE else replace(scene, gray=degrade(scene.gray, rng))
        )

    def _mosaic(self, rng: np.random.Generator) -> Scene:
        """Four scenes that meet somewhere near the middle: Bochkovskiy et al. 2020, YOLOv4."""
        middle_x = round(rng.uniform(*MOSAIC_SPLIT) * WIDTH)
        middle_y = round(rng.uniform(*MOSAIC_SPLIT) * HEIGHT)
        gray = np.empty((HEIGHT, WIDTH), np.uint8)
        parts = []
        for top, bottom in ((0, middle_y), (middle_y, HEIGHT)):
            for left, right in ((0, middle_x), (middle_x, WIDTH)):
                part = self._part((right - left, bottom - top), MOSAIC_FACE_SIDE, rng)
                gray[top:bottom, left:right] = part.gray
                parts.append(part.moved(left, top))
        return joined(gray, parts)

    def _part(
        self, size: tuple[int, int], face_side: tuple[float, float], rng: np.random.Generator
    ) -> Scene:
        """A scene of one photo, or of two: a face-free one with something pasted in, or behind
        people's.
        """
        background = self._backgrounds[rng.integers(len(self._backgrounds))]
        scene = framed(background, np.empty(size[::-1], np.uint8), face_side, ROTATION_DEG, rng)
        if rng.random() < BACKGROUND_SHARE:
            return self._pasted(scene, rng) if rng.random() < PASTE_SHARE else scene
        person = self._people[np.searchsorted(self._chances, rng.random(), side="right")]
        return framed(person, scene.gray, face_side, ROTATION_DEG, rng)

    def _pasted(self, scene: Scene, rng: np.random.Generator) -> Scene:
        """Paste faces and distractors into `scene`, where none covers another."""
        gray = scene.gray
        height, width = gray.shape
        boxes: list[list[float]] = []
        places: list[tuple[np.ndarray, float]] = []
        for _ in range(rng.integers(*PASTED)):
            side = min(log_uniform(PASTED_SIDE, rng), MOST_PASTED * min(width, height))
            x = rng.uniform(side / 2, width - side / 2)
            y = rng.uniform(side / 2, height - side / 2)
            centre = np.array([x, y])
            if _covered(centre, side, places):
                continue
            places.append((centre, side))
            if rng.random() < DISTRACTOR_SHARE:
                self._paste_distractor(gray, centre, side, rng)
            else:
                self._paste_face(gray, centre, side, rng)
                left, top = centre - [side * 0.46, side * 0.54]
                boxes.append([left, top, side * 0.92, side * 1.08])
        rows = np.array(boxes, np.float32).reshape(-1, 4)
        unknown = np.full((len(rows), 10), np.nan, np.float32)
        return Scene(gray, rows, unknown, np.ones(len(rows), bool))

    def _paste_distractor(
        self, gray: np.ndarray, centre: np.ndarray, side: float, rng: np.random.Generator
    ) -> None:
        photo = self._backgrounds[rng.integers(len(self._backgrounds))].gray
        paste(gray, distractor(photo, rng), centre, side * FER_SIDE, rng.uniform(0, 360))

    def _paste_face(
        self, gray: np.ndarray, centre: np.ndarray, side: float, rng: np.random.Generator
    ) -> None:
        face = self._faces[rng.integers(len(self._faces))]
        face = face[:, ::-1] if rng.random() < 0.5 else face
        paste(gray, face, centre, side * FER_SIDE, rng.normal(0, ROTATION_DEG))


def _covered(centre: np.ndarray, side: float, places: list[tuple[np.ndarray, float]]) -> bool:
    """Whether something at `centre` would lie on one of the `places`."""
    distances = [np.abs(centre - other).max() / (side + other_side) for other, other_side in places]
    return min(distances, default=1.0) < 0.6
