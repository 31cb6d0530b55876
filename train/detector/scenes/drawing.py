"""Training frames for the detector: photos at a random framing, faces pasted in, and a cheap camera's faults."""

from dataclasses import replace

import cv2
import numpy as np

from train.detector.network import FRAME_SHAPE
from train.detector.photos import Photo
from train.detector.scenes.framing import Scene, framed, log_uniform
from train.detector.scenes.pasting import decoy, paste

HEIGHT, WIDTH = FRAME_SHAPE[:2]
FACE_SIDE = (16.0, 200.0)  # px: from what a detector may just see to one that fills the frame
MOSAIC_SHARE = 0.4  # of the scenes: four in one, so that a step teaches more faces, and small ones
MOSAIC_FACE_SIDE = (16.0, 64.0)  # px
MOSAIC_SPLIT = (0.3, 0.7)  # of the frame: where the four meet
ROTATION_DEG = 10.0  # standard deviation
CLEAN_SHARE = 0.3  # of the scenes: as the photo is
BACKGROUND_SHARE = 0.35  # of the scenes: a photo without people
PASTE_SHARE = 0.7  # of the backgrounds: with FER2013 faces and decoys
PASTED = (1, 5)  # of them
DECOY_SHARE = 0.5  # of what is pasted: without them, car wheels were taken for faces
PASTED_SIDE = (16.0, 110.0)  # px of the box
MOST_PASTED = 0.8  # of the frame's shorter side, that the box of what is pasted takes
FER_SIDE = 1.11  # side of a FER2013 image, in sides of YuNet's box (`convert measure-crop`)
GAMMA, CONTRAST, BRIGHTNESS = (0.6, 1.6), (0.5, 1.3), 40.0
NOISE_SIGMA = 12.0  # gray levels at most: a small sensor in a dark room
CHANCES = {"light": 0.3, "shrink": 0.15, "blur": 0.2, "noise": 0.4, "jpeg": 0.3}
NOISE_BANK = np.random.default_rng(0).normal(0, 1, (2 * HEIGHT, 2 * WIDTH)).astype(np.float32)


class Scenes:
    """Draws scenes from `photos` and `faces` (M, 48, 48) uint8; safe to use from several threads."""

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
        return scene if rng.random() < CLEAN_SHARE else replace(scene, gray=spoil(scene.gray, rng))

    def _mosaic(self, rng: np.random.Generator) -> Scene:
        """Four scenes that meet somewhere near the middle: Bochkovskiy et al. 2020, YOLOv4."""
        middle_x, middle_y = (round(rng.uniform(*MOSAIC_SPLIT) * side) for side in (WIDTH, HEIGHT))
        gray, parts = np.empty((HEIGHT, WIDTH), np.uint8), []
        for top, bottom in ((0, middle_y), (middle_y, HEIGHT)):
            for left, right in ((0, middle_x), (middle_x, WIDTH)):
                part = self._part((right - left, bottom - top), MOSAIC_FACE_SIDE, rng)
                gray[top:bottom, left:right] = part.gray
                parts.append(part.moved(left, top))
        boxes, landmarks, counted = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "landmarks", "counted")
        )
        return Scene(gray, boxes, landmarks, counted)

    def _part(self, size: tuple[int, int], face_side: tuple[float, float], rng: np.random.Generator) -> Scene:
        """A scene of one photo, or of two: a face-free one with something pasted in, or behind people's."""
        background = self._backgrounds[rng.integers(len(self._backgrounds))]
        scene = framed(background, np.empty(size[::-1], np.uint8), face_side, ROTATION_DEG, rng)
        if rng.random() < BACKGROUND_SHARE:
            return self._pasted(scene, rng) if rng.random() < PASTE_SHARE else scene
        person = self._people[np.searchsorted(self._chances, rng.random(), side="right")]
        return framed(person, scene.gray, face_side, ROTATION_DEG, rng)

    def _pasted(self, scene: Scene, rng: np.random.Generator) -> Scene:
        gray, boxes, places = scene.gray, [], []
        height, width = gray.shape
        for _ in range(rng.integers(*PASTED)):
            side = min(log_uniform(PASTED_SIDE, rng), MOST_PASTED * min(width, height))
            centre = np.array([rng.uniform(side / 2, width - side / 2), rng.uniform(side / 2, height - side / 2)])
            if any(np.abs(centre - other).max() < (side + other_side) * 0.6 for other, other_side in places):
                continue
            places.append((centre, side))
            if rng.random() < DECOY_SHARE:
                photo = self._backgrounds[rng.integers(len(self._backgrounds))].gray
                paste(gray, decoy(photo, rng), centre, side * FER_SIDE, rng.uniform(0, 360))
                continue
            face = self._faces[rng.integers(len(self._faces))]
            face = face[:, ::-1] if rng.random() < 0.5 else face
            paste(gray, face, centre, side * FER_SIDE, rng.normal(0, ROTATION_DEG))
            boxes.append([*(centre - [side * 0.46, side * 0.54]), side * 0.92, side * 1.08])
        count = len(boxes)
        rows = np.array(boxes, np.float32).reshape(-1, 4)
        return Scene(gray, rows, np.full((count, 10), np.nan, np.float32), np.ones(count, bool))


def spoil(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light, sharpness, noise and compression as cheap cameras have them; `gray` (H, W) uint8 becomes a new one."""
    height, width = gray.shape
    happens = {name: rng.random() < chance for name, chance in CHANCES.items()}
    gamma, contrast = rng.uniform(*GAMMA), rng.uniform(*CONTRAST)
    levels = ((np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5) * 255 + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    gray = cv2.LUT(gray, np.clip(levels, 0, 255).astype(np.uint8))
    if happens["light"]:
        slope = np.outer(np.linspace(*rng.uniform(0.4, 1.3, 2), height), np.linspace(*rng.uniform(0.4, 1.3, 2), width))
        gray = cv2.multiply(gray, slope.astype(np.float32), dtype=cv2.CV_8U)
    if happens["shrink"]:
        share = rng.uniform(0.45, 0.9)
        small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        gray = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if happens["blur"]:
        gray = cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.4, 1.4))
    if happens["noise"]:
        top, left = rng.integers(NOISE_BANK.shape[0] - height), rng.integers(NOISE_BANK.shape[1] - width)
        noise = NOISE_BANK[top : top + height, left : left + width] * np.float32(rng.uniform(1, NOISE_SIGMA))
        gray = cv2.add(gray, noise, dtype=cv2.CV_8U)
    if happens["jpeg"]:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        gray = cv2.imdecode(cv2.imencode(".jpg", gray, quality)[1], cv2.IMREAD_GRAYSCALE)
    return gray
