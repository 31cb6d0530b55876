"""The photos and faces that are made worse: a seeded sample, shown at a wanted height."""

import cv2
import numpy as np

from convert.robustness.degradations import FACE_PX, HEIGHT, Box, Degradation
from edge.contract import INPUT_SIDE
from train.data.faces import Faces
from train.detector.metrics import ground_truth
from train.detector.photos import Photo
from train.errors import DataError

SEED = 23
PHOTOS = 150  # of the sample: a step's share of faces found is good to some 3 points
FACES = 700  # a hundred of each emotion, where there are as many: accuracy is good to some 2 points
FRAME_WH = (640, 480)
LEAST_PHOTO_PX = 60.0  # height of the face in the photo, so that it is not enlarged by much


def frames_of(photos: tuple[Photo, ...]) -> list[tuple[Photo, Box]]:
    """Photos with the largest of their faces, if it is large enough, `PHOTOS` at most."""
    large = []
    for photo in photos:
        rows = ground_truth(photo)
        if rows.any():
            boxes = photo.boxes[rows]
            x, y, width, height = boxes[boxes[:, 2:].prod(axis=1).argmax()].tolist()
            if height >= LEAST_PHOTO_PX:
                large.append((photo, (x, y, width, height)))
    if not large:
        raise DataError(
            f"expected held-out photos with a face of {LEAST_PHOTO_PX:.0f} px and more, found none of {len(photos)}",
            "give a --robustness folder with larger photos",
        )
    order = np.random.default_rng(SEED).permutation(len(large))[:PHOTOS]
    return [large[index] for index in sorted(order)]


def faces_of(faces: Faces) -> Faces:
    """As many of each emotion, where there are as many."""
    rng = np.random.default_rng(SEED)
    rows = [
        rng.permutation(np.flatnonzero(faces.labels == label)) for label in range(len(faces.names))
    ]
    chosen = np.concatenate([some[: FACES // len(faces.names)] for some in rows])
    if not len(chosen):
        raise DataError("expected faces of that split, found none", "give data that have it")
    return faces.take(np.sort(chosen))


def framed(gray: np.ndarray, box: Box, height_px: float) -> tuple[np.ndarray, Box]:
    """A frame of 640x480 with the face `height_px` high in its middle, and its box there; beyond the photo its edge
    goes on.
    """
    x, y, width, height = box
    scale = height_px / height
    middle = np.array([x + width / 2, y + height / 2])
    shrunk = gray
    while scale < 0.67:  # sampling alone would alias
        shrunk = cv2.resize(shrunk, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        middle = middle / 2
        scale *= 2
    move = np.array(FRAME_WH) / 2 - scale * middle
    matrix = np.array([[scale, 0, move[0]], [0, scale, move[1]]])
    frame = cv2.warpAffine(shrunk, matrix, FRAME_WH, borderMode=cv2.BORDER_REPLICATE)
    size = width * height_px / height, height_px
    return frame, (FRAME_WH[0] / 2 - size[0] / 2, FRAME_WH[1] / 2 - size[1] / 2, *size)


def as_crop(
    image: np.ndarray, degradation: Degradation, step: float, rng: np.random.Generator
) -> np.ndarray:
    """A crop of FER2013, (48, 48), as the device would cut it out of a degraded frame.

    Its square is taken to be as high as a box.
    """
    side = round(step if degradation is HEIGHT else FACE_PX)
    if degradation is HEIGHT and side >= INPUT_SIDE:
        return image  # FER2013 holds no more
    resized = cv2.resize(image, (side, side), interpolation=_interpolation(INPUT_SIDE, side))
    worse = degradation.change(resized, (0.0, 0.0, float(side), float(side)), step, rng)
    return cv2.resize(
        worse, (INPUT_SIDE, INPUT_SIDE), interpolation=_interpolation(side, INPUT_SIDE)
    )


def _interpolation(before: int, after: int) -> int:
    return cv2.INTER_AREA if after < before else cv2.INTER_LINEAR
