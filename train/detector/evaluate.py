"""Show held-out photos to a float network as the device would see them."""

import cv2
import keras
import numpy as np

from edge.contract import MAX_OVERLAP
from train.detector import losses
from train.detector.metrics import MIN_SCORE, Curve, curve, fitted, ground_truth
from train.detector.photos import Photo

BATCH = 64


def evaluate(model: keras.Model, photos: tuple[Photo, ...], least_iou: float = 0.5) -> Curve:
    """Evaluate `model`, which takes frames of `COPY_SHAPE`, on `photos` fitted into the copy
    that the device searches.
    """
    framed = list(map(fitted, photos))
    frames = np.stack([photo.gray for photo in framed])[..., np.newaxis].astype(np.float32)
    outputs = model.predict(frames, batch_size=BATCH, verbose=0)
    boxes = keras.ops.convert_to_numpy(losses.decode(outputs["boxes"]))
    boxes = boxes.reshape(len(photos), -1, 4)
    scores = outputs["scores"].reshape(len(photos), -1)
    found = list(map(_suppressed, boxes, scores))
    labelled = [photo.boxes[ground_truth(photo)] for photo in framed]
    has_faces = [len(photo.boxes) > 0 for photo in photos]
    return curve(found, labelled, least_iou, has_faces)


def _suppressed(boxes: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the boxes that no better one overlaps."""
    likely = scores >= MIN_SCORE
    boxes = boxes[likely]
    scores = scores[likely]
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), MIN_SCORE, MAX_OVERLAP)
    rows = np.asarray(kept, int).ravel()
    return boxes[rows], scores[rows]
