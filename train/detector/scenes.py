"""Training frames for the detector: a photo at a random framing, faces pasted in, and a cheap camera's faults."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from train.detector.network import FRAME_SHAPE
from train.detector.photos import Photo, Photos

HEIGHT, WIDTH = FRAME_SHAPE[:2]
CERTAIN, DOUBTFUL = 0.7, 0.3  # teacher's score: a face from the one, to be ignored from the other
MIN_SIDE = 14.0  # px of the frame, 28 in 640x480: smaller faces count neither for nor against
MIN_VISIBLE = 0.6  # of a face at the frame's edge
FACE_SIDE = (16.0, 170.0)  # px: from what a detector may just see to two thirds of the frame's height
ENLARGE = (0.4, 2.5)  # of a photo
ROTATION_DEG = 10.0  # standard deviation
TURNED_SHARE = 0.5  # of the backgrounds: at any angle, so that more can be learned from few
BACKGROUND_ZOOM = (1.0, 2.2)  # from all of a background to one thing in it
COLLAGE_SHARE = 0.4  # of the backgrounds: four in one frame
CLEAN_SHARE = 0.3  # of the scenes: as the photo is
SOURCE_WEIGHTS = {"humans": 0.3}  # how often a source's photos are drawn; these are tight portraits without a scene
BACKGROUND_SHARE = 0.35  # of the scenes: a photo without people
PASTE_SHARE = 0.7  # of the backgrounds: with FER2013 faces
PASTED = (1, 5)  # faces
PASTED_SIDE = (16.0, 130.0)  # px of the box
FER_SIDE = 1.11  # side of a FER2013 image, in sides of YuNet's box (`convert measure-crop`)
GAMMA, CONTRAST, BRIGHTNESS = (0.6, 1.6), (0.5, 1.3), 40.0
NOISE_SIGMA = 12.0  # gray levels at most: a small sensor in a dark room
CHANCES = {"light": 0.3, "shrink": 0.15, "blur": 0.2, "noise": 0.4, "jpeg": 0.3}
NOISE_BANK = np.random.default_rng(0).normal(0, 1, (2 * HEIGHT, 2 * WIDTH)).astype(np.float32)


@dataclass(frozen=True)
class Scene:
    """A frame (240, 320) uint8 and its faces in the frame's pixels: boxes x, y, width, height; landmarks NaN if unknown."""

    gray: np.ndarray
    boxes: np.ndarray  # (N, 4) float32
    landmarks: np.ndarray  # (N, 10) float32
    counted: np.ndarray  # (N,) bool: a face to be found; else one to be left out of the loss


class Scenes:
    """Draws scenes from `photos` and `faces` (M, 48, 48) uint8; safe to use from several threads."""

    def __init__(self, photos: tuple[Photo, ...], faces: np.ndarray) -> None:
        self._people = [photo for photo in photos if len(photo.boxes)]
        self._backgrounds = [photo for photo in photos if not len(photo.boxes)]
        self._faces = faces
        weights = [SOURCE_WEIGHTS.get(photo.path.name.split("_")[0], 1.0) for photo in self._people]
        self._chances = np.cumsum(weights) / np.sum(weights)
        side = np.arange(48) - 23.5
        distance = np.hypot(side[np.newaxis] / 21.0, side[:, np.newaxis] / 24.0)
        self._mask = np.clip((1.0 - distance) / 0.18, 0.0, 1.0).astype(np.float32)  # an oval with a soft rim

    def draw(self, rng: np.random.Generator) -> Scene:
        if rng.random() < BACKGROUND_SHARE:
            scene = self._background(rng)
            if rng.random() < PASTE_SHARE:
                scene = self._pasted(scene, rng)
        else:
            behind = self._background(rng).gray
            person = self._people[np.searchsorted(self._chances, rng.random(), side="right")]
            scene = _framed(person, behind, rng)
        gray = scene.gray if rng.random() < CLEAN_SHARE else spoil(scene.gray, rng)
        return Scene(gray, scene.boxes, scene.landmarks, scene.counted)

    def _background(self, rng: np.random.Generator) -> Scene:
        count = 4 if rng.random() < COLLAGE_SHARE else 1
        chosen = rng.integers(len(self._backgrounds), size=count)
        scenes = [_framed(self._backgrounds[index], None, rng) for index in chosen]
        if count == 1:
            return scenes[0]
        half = (WIDTH // 2, HEIGHT // 2)
        tiles = [cv2.resize(scene.gray, half, interpolation=cv2.INTER_AREA) for scene in scenes]
        return replace(scenes[0], gray=np.block([tiles[:2], tiles[2:]]))

    def _pasted(self, scene: Scene, rng: np.random.Generator) -> Scene:
        gray, boxes = scene.gray.copy(), []
        for _ in range(rng.integers(*PASTED)):
            side = _log_uniform(PASTED_SIDE, rng)
            centre = np.array([rng.uniform(side / 2, WIDTH - side / 2), rng.uniform(side / 2, HEIGHT - side / 2)])
            if any(np.abs(centre - other[:2] - other[2:] / 2).max() < (side + other[2]) * 0.6 for other in boxes):
                continue
            self._paste(gray, centre, side * FER_SIDE, rng)
            boxes.append(np.array([*(centre - [side * 0.46, side * 0.54]), side * 0.92, side * 1.08]))
        count = len(boxes)
        return Scene(gray, _rows(boxes, 4), np.full((count, 10), np.nan, np.float32), np.ones(count, bool))

    def _paste(self, gray: np.ndarray, centre: np.ndarray, side: float, rng: np.random.Generator) -> None:
        """Blend one face into `gray`, turned a little, mirrored half the time."""
        face = self._faces[rng.integers(len(self._faces))]
        face = face[:, ::-1] if rng.random() < 0.5 else face
        angle = rng.normal(0, ROTATION_DEG)
        shrink = max(1, round(48 / side))  # averaged before it is sampled
        pixels = 48 // shrink
        small = (cv2.resize(part, (pixels, pixels), interpolation=cv2.INTER_AREA) for part in (face, self._mask))
        matrix = cv2.getRotationMatrix2D(((pixels - 1) / 2,) * 2, angle, side / pixels)
        matrix[:, 2] += centre - (pixels - 1) / 2
        warped, mask = (cv2.warpAffine(np.ascontiguousarray(part), matrix, (WIDTH, HEIGHT)) for part in small)
        blended = gray + (warped.astype(np.float32) - gray) * mask
        gray[:] = np.where(mask > 0, blended, gray)


def calibration_frames(photos: Photos, count: int, seed: int) -> np.ndarray:
    """Draw `count` scenes of the training photos, (count, 240, 320) uint8, for the ranges of the int8 network."""
    scenes, rng = Scenes(photos.training, np.full((1, 48, 48), 128, np.uint8)), np.random.default_rng(seed)
    return np.stack([scenes.draw(rng).gray for _ in range(count)])


def _framed(photo: Photo, behind: np.ndarray | None, rng: np.random.Generator) -> Scene:
    """Show `photo` at a random size, place and tilt, over `behind` where it ends; a face of it at a random size."""
    focus, scale = _focus(photo, rng)
    flip = rng.random() < 0.5
    target = np.array([rng.uniform(0.15, 0.85) * WIDTH, rng.uniform(0.15, 0.85) * HEIGHT])
    angle = np.radians(rng.normal(0, ROTATION_DEG))
    if not len(photo.boxes):
        target = np.array([WIDTH / 2, HEIGHT / 2])
        angle = rng.uniform(-np.pi, np.pi) if rng.random() < TURNED_SHARE else angle
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if flip else 1.0, 1.0])
    matrix = np.column_stack([turn, target - turn @ focus])
    shrunk, source = _for_warp(photo.gray, matrix)
    if behind is None:
        gray = cv2.warpAffine(source, shrunk, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT_101)
    else:
        gray = behind.copy()
        cv2.warpAffine(source, shrunk, (WIDTH, HEIGHT), dst=gray, borderMode=cv2.BORDER_TRANSPARENT)
    return _transformed(photo, gray, matrix, scale, flip)


def _focus(photo: Photo, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A point of the photo and the scale to show it at."""
    height, width = photo.gray.shape
    sure = np.flatnonzero(photo.scores >= CERTAIN)
    if len(sure) == 0:
        zoom = _log_uniform(BACKGROUND_ZOOM, rng)
        reach = (1 - 1 / zoom) / 2  # from the middle, so that the frame stays within the photo
        middle = 0.5 + rng.uniform(-reach, reach, 2)
        return middle * [width, height], max(WIDTH / width, HEIGHT / height) * zoom
    x, y, w, h = photo.boxes[rng.choice(sure)]
    scale = _log_uniform(FACE_SIDE, rng) / np.sqrt(w * h)
    return np.array([x + w / 2, y + h / 2]), float(np.clip(scale, *ENLARGE))


def _for_warp(gray: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Halve the photo as long as `matrix` shrinks it by more than a third: sampling alone would alias."""
    matrix = matrix.copy()
    while abs(np.linalg.det(matrix[:, :2])) < 0.67**2:
        gray = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= 2
    return matrix, gray


def _transformed(photo: Photo, gray: np.ndarray, matrix: np.ndarray, scale: float, flip: bool) -> Scene:
    boxes, landmarks = photo.boxes, photo.landmarks.reshape(-1, 5, 2)
    sides = boxes[:, 2:] * scale
    centres = (boxes[:, :2] + boxes[:, 2:] / 2) @ matrix[:, :2].T + matrix[:, 2]
    points = landmarks @ matrix[:, :2].T + matrix[:, 2]
    if flip:
        points = points[:, [1, 0, 2, 4, 3]]  # right and left change places
    corners = centres - sides / 2
    seen = np.minimum(corners + sides, [WIDTH, HEIGHT]) - np.maximum(corners, 0)
    visible = np.clip(seen, 0, None).prod(axis=1) / np.maximum(sides.prod(axis=1), 1e-6)
    counted = (photo.scores >= CERTAIN) & (np.sqrt(sides.prod(axis=1)) >= MIN_SIDE) & (visible >= MIN_VISIBLE)
    kept = (photo.scores >= DOUBTFUL) & (visible > 0)
    rows = np.concatenate([corners, sides], axis=1).astype(np.float32)
    return Scene(gray, rows[kept], points.reshape(-1, 10)[kept].astype(np.float32), counted[kept])


def spoil(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light, sharpness, noise and compression as cheap cameras have them; returns a new (240, 320) uint8."""
    happens = {name: rng.random() < chance for name, chance in CHANCES.items()}
    gamma, contrast = rng.uniform(*GAMMA), rng.uniform(*CONTRAST)
    levels = ((np.linspace(0, 1, 256) ** gamma - 0.5) * contrast + 0.5) * 255 + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    gray = cv2.LUT(gray, np.clip(levels, 0, 255).astype(np.uint8))
    if happens["light"]:
        slope = np.outer(np.linspace(*rng.uniform(0.4, 1.3, 2), HEIGHT), np.linspace(*rng.uniform(0.4, 1.3, 2), WIDTH))
        gray = cv2.multiply(gray, slope.astype(np.float32), dtype=cv2.CV_8U)
    if happens["shrink"]:
        share = rng.uniform(0.45, 0.9)
        small = cv2.resize(gray, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        gray = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    if happens["blur"]:
        gray = cv2.GaussianBlur(gray, (0, 0), rng.uniform(0.4, 1.4))
    if happens["noise"]:
        top, left = rng.integers(HEIGHT), rng.integers(WIDTH)
        noise = NOISE_BANK[top : top + HEIGHT, left : left + WIDTH] * np.float32(rng.uniform(1, NOISE_SIGMA))
        gray = cv2.add(gray, noise, dtype=cv2.CV_8U)
    if happens["jpeg"]:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        gray = cv2.imdecode(cv2.imencode(".jpg", gray, quality)[1], cv2.IMREAD_GRAYSCALE)
    return gray


def _log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))


def _rows(rows: list[np.ndarray], width: int) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, width)
