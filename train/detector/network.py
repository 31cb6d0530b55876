"""The detector's network: gray frame in, one score, box and set of landmarks for each cell of
8x8 pixels out.
"""

import math

import keras
import tensorflow as tf
from keras import layers

from edge.contract import COPY_WIDTH_PX
from train.network.normalization import FusedBatchNormalization

FRAME_SHAPE = (192, 256, 1)  # of training: most of a larger frame has nothing to teach
# Of the shipped file; the device resizes it to other frames.
COPY_SHAPE = (COPY_WIDTH_PX * 3 // 4, COPY_WIDTH_PX, 1)
STEM = (8, 24)  # channels, as the next three
FINE = 32
COARSE = 64
HEAD = 40
COARSE_DEPTH = 3  # layers at a sixteenth
PRIOR = 0.01  # score of a fresh network: else the many empty cells swamp the first steps (Lin et al. 2017, RetinaNet)


@keras.saving.register_keras_serializable("train")
class DepthToSpace(layers.Layer):
    """(B, H, W, 4 C) to (B, 2 H, 2 W, C): the one enlargement that TFLite does without a fixed
    size.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(x, 2)


def detector(shape: tuple[int, int, int] = FRAME_SHAPE) -> keras.Model:
    """Plain 3x3 convolutions at a half to a sixteenth of the frame's size; the coarse layers
    see whole faces and heads.

    122 MMACs and 0.17 M parameters at 384x288. Takes (B, H, W, 1), 0 to 255, H and W multiples
    of 16; no scaling, the first batch norm does it. Gives `scores` (B, H/8, W/8, 1) 0 to 1,
    `boxes` (..., 4) and `landmarks` (..., 10), coded as `edge.vision.detection.graynet` decodes
    them.
    """
    pixels = layers.Input(shape, name="pixels")
    x = pixels
    for width in (*STEM, FINE):
        x = _convolution(x, width, strides=2)
    near = x = _convolution(x, FINE)  # (B, H/8, W/8, FINE)
    x = _convolution(x, COARSE, strides=2)
    for _ in range(COARSE_DEPTH):
        x = _convolution(x, COARSE)
    x = DepthToSpace()(_convolution(x, 4 * FINE, side=1, active=False))
    x = layers.ReLU(max_value=6.0)(layers.Add()([near, x]))
    x = _convolution(x, HEAD)
    outputs = {
        "scores": _output(
            x, 1, "scores", keras.initializers.Constant(-math.log(1 / PRIOR - 1)), "sigmoid"
        ),
        "boxes": _output(x, 4, "boxes"),
        "landmarks": _output(x, 10, "landmarks"),
    }
    return keras.Model(pixels, outputs, name="detector")


def _convolution(
    x: keras.KerasTensor, width: int, strides: int = 1, side: int = 3, active: bool = True
) -> keras.KerasTensor:
    x = layers.Conv2D(width, side, strides=strides, padding="same", use_bias=False)(x)
    x = FusedBatchNormalization()(x)
    return layers.ReLU(max_value=6.0)(x) if active else x


def _output(
    x: keras.KerasTensor,
    width: int,
    name: str,
    bias: str | keras.initializers.Initializer = "zeros",
    activation: str | None = None,
) -> keras.KerasTensor:
    return layers.Conv2D(
        width, 1, bias_initializer=bias, activation=activation, name=name, dtype="float32"
    )(x)
