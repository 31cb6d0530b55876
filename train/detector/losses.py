"""The three losses of the detector.

Targets are as `train.detector.scenes.targets.assign` lays them out, with a weight in the last
place.
"""

import tensorflow as tf
from keras import ops

from edge.contract import CELL_PX, UNIT_PX

FOCUS = 2.0  # exponent of the focal loss: Lin et al. 2017
EPSILON = 1e-6


def scores(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Focal loss of `predicted` (B, 24, 32, 1), as a sum over cells for each face of the batch."""
    target = true[..., 0]
    weight = true[..., 1]
    p = ops.clip(predicted[..., 0], EPSILON, 1 - EPSILON)
    hit = target * (1 - p) ** FOCUS * ops.log(p)
    miss = (1 - target) * p**FOCUS * ops.log(1 - p)
    return -ops.sum(weight * (hit + miss)) / _faces(target * weight**2)


def boxes(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Distance-IoU loss (Zheng et al. 2020) of `predicted` (B, 24, 32, 4), mean over the faces."""
    found = decode(predicted)
    truth = true[..., :4]
    weight = true[..., 4]
    low = ops.maximum(found[..., :2], truth[..., :2])
    high = ops.minimum(_ends(found), _ends(truth))
    shared = ops.prod(ops.maximum(high - low, 0.0), axis=-1)
    union = ops.prod(found[..., 2:], axis=-1) + ops.prod(truth[..., 2:], axis=-1) - shared
    hull = ops.maximum(_ends(found), _ends(truth)) - ops.minimum(found[..., :2], truth[..., :2])
    apart = (found[..., :2] + found[..., 2:] / 2) - (truth[..., :2] + truth[..., 2:] / 2)
    distance = ops.sum(apart**2, axis=-1) / (ops.sum(hull**2, axis=-1) + EPSILON)
    return ops.sum(weight * (1 - shared / (union + EPSILON) + distance)) / _faces(weight)


def landmarks(true: tf.Tensor, predicted: tf.Tensor) -> tf.Tensor:
    """Mean absolute error of `predicted` (B, 24, 32, 10), in sides of the box."""
    weight = true[..., 10]
    return ops.sum(weight * ops.mean(ops.abs(predicted - true[..., :10]), axis=-1)) / _faces(weight)


def decode(predicted: tf.Tensor) -> tf.Tensor:
    """Boxes as the network codes them to x, y, width, height in pixels; (B, H, W, 4) both."""
    rows, columns = predicted.shape[1:3]
    x, y = ops.meshgrid(ops.arange(columns, dtype="float32"), ops.arange(rows, dtype="float32"))
    centre = (ops.stack([x, y], axis=-1) + 0.5 + predicted[..., :2]) * CELL_PX
    size = UNIT_PX * 2.0 ** ops.clip(predicted[..., 2:], -3.0, 5.0)
    return ops.concatenate([centre - size / 2, size], axis=-1)


LOSSES = {"scores": scores, "boxes": boxes, "landmarks": landmarks}
WEIGHTS = {"scores": 1.0, "boxes": 2.0, "landmarks": 5.0}  # the landmarks' errors are hundredths


def _ends(box: tf.Tensor) -> tf.Tensor:
    return box[..., :2] + box[..., 2:]


def _faces(weight: tf.Tensor) -> tf.Tensor:
    return ops.maximum(ops.sum(weight), 1.0)
