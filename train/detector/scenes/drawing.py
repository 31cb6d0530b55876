"""Draw training frames for the detector: photos at a random framing, faces pasted in, a cheap
camera's faults.
"""

from dataclasses import replace

import numpy as np

from train.detector.network import FRAME_SHAPE
from train.detector.photos import Photo
from train.detector.scenes.bad_light import in_bad_light, visible
from train.detector.scenes.degrading import CLEAN_SHARE, degrade
from train.detector.scenes.framing import FOCUS_PLACE, Scene, framed, joined, log_uniform
from train.detector.scenes.pasting import distractor, paste

HEIGHT, WIDTH = FRAME_SHAPE[:2]
FACE_SIDE = (16.0, 200.0)  # px: from what a detector may just see to one that fills the frame
LARGE_SHARE = 0.12  # of the scenes of one photo, with bad light: a face as large as the frame
LARGE_FACE_SIDE = (110.0, 230.0)  # px
CUT_SHARE = 0.12  # of the photos with people, likewise: the frame's edge may cut the face
CUT_PLACE = (0.02, 0.98)  # of the frame, that the face's middle lies at then
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

    def __init__(
        self, photos: tuple[Photo, ...], faces: np.ndarray, bad_light: bool = False
    ) -> None:
        """With `bad_light` there are also faces in it, as large as the frame, and cut by its
        edge.
        """
        self._bad_light = bad_light
        self._people = [photo for photo in photos if len(photo.boxes)]
        self._backgrounds = [photo for photo in photos if not len(photo.boxes)]
        self._faces = faces
        self._person_chances = _chances(self._people)
        self._background_chances = _chances(self._backgrounds)

    def draw(self, rng: np.random.Generator) -> Scene:
        """A scene of (HEIGHT, WIDTH)."""
        mosaic = rng.random() < MOSAIC_SHARE
        scene = self._mosaic(rng) if mosaic else self._part((WIDTH, HEIGHT), self._side(rng), rng)
        if rng.random() < CLEAN_SHARE:
            return scene
        if not self._bad_light:
            return replace(scene, gray=degrade(scene.gray, rng))
        worse = replace(scene, gray=degrade(in_bad_light(scene.gray, rng), rng))
        return replace(worse, valid=scene.valid & visible(worse))

    def _side(self, rng: np.random.Generator) -> tuple[float, float]:
        if self._bad_light and rng.random() < LARGE_SHARE:
            return LARGE_FACE_SIDE
        return FACE_SIDE

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
        background = _drawn(self._backgrounds, self._background_chances, rng)
        scene = framed(background, np.empty(size[::-1], np.uint8), face_side, ROTATION_DEG, rng)
        if rng.random() < BACKGROUND_SHARE:
            return self._pasted(scene, rng) if rng.random() < PASTE_SHARE else scene
        person = _drawn(self._people, self._person_chances, rng)
        cut = self._bad_light and rng.random() < CUT_SHARE
        place = CUT_PLACE if cut else FOCUS_PLACE
        return framed(person, scene.gray, face_side, ROTATION_DEG, rng, place)

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
        photo = _drawn(self._backgrounds, self._background_chances, rng).gray
        paste(gray, distractor(photo, rng), centre, side * FER_SIDE, rng.uniform(0, 360))

    def _paste_face(
        self, gray: np.ndarray, centre: np.ndarray, side: float, rng: np.random.Generator
    ) -> None:
        face = self._faces[rng.integers(len(self._faces))]
        face = face[:, ::-1] if rng.random() < 0.5 else face
        paste(gray, face, centre, side * FER_SIDE, rng.normal(0, ROTATION_DEG))


def _chances(photos: list[Photo]) -> np.ndarray:
    """Up to which random number, 0 to 1, each is drawn."""
    return np.cumsum([photo.weight for photo in photos]) / sum(photo.weight for photo in photos)


def _drawn(photos: list[Photo], chances: np.ndarray, rng: np.random.Generator) -> Photo:
    return photos[np.searchsorted(chances, rng.random(), side="right")]


def _covered(centre: np.ndarray, side: float, places: list[tuple[np.ndarray, float]]) -> bool:
    """Whether something at `centre` would lie on one of the `places`."""
    distances = [np.abs(centre - other).max() / (side + other_side) for other, other_side in places]
    return min(distances, default=1.0) < 0.6
