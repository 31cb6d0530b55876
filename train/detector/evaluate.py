"""Show held-out photos to a float network as the device would see them."""

import cv2
import keras
import numpy as np

from edge.contract import MAX_OVERLAP
from train.detector import losses
from train.detector.metrics import LOWEST, Curve, curve, fitted, sought
from train.detector.photos import Photo


def judge(model: keras.Model, photos: tuple[Photo, ...], least_iou: float = 0.5) -> Curve:
    """Show `photos`, fitted into the copy that the device searches, to a float `model` for `COPY_SHAPE`."""
    framed = [fitted(photo) for photo in photos]
    frames = np.stack([photo.gray for photo in framed])[..., np.newaxis].astype(np.float32)
    outputs = model.predict(frames, batch_size=64, verbose=0)
    boxes = keras.ops.convert_to_numpy(losses.decode(outputs["boxes"])).reshape(len(photos), -1, 4)
    found = [_suppressed(*pair) for pair in zip(boxes, outputs["scores"].reshape(len(photos), -1), strict=True)]
    wanted = [photo.boxes[sought(photo)] for photo in framed]
    return curve(found, wanted, least_iou, [len(photo.boxes) > 0 for photo in photos])


def _suppressed(boxes: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave the boxes that no better one overlaps."""
    likely = scores >= LOWEST
    boxes, scores = boxes[likely], scores[likely]
    kept = np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), LOWEST, MAX_OVERLAP), int).ravel()
    return boxes[kept], scores[kept]
