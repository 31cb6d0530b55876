"""The networks, each a pure function of its size: uint8-ranged gray faces in, seven probabilities out."""

from collections.abc import Callable

import keras
from keras import layers

from edge.contract import INPUT_SHAPE, LABELS

WEIGHT_DECAY = 5e-4  # on kernels only; Keras' L2 counts the square without the half


def cnn(widths: tuple[int, ...] = (32, 80, 160), depth: int = 2, stem: int = 32, dropout: float = 0.2) -> keras.Model:
    """Plain 3x3 convolutions, batch norm, ReLU6, pooling: what int8 XNNPACK runs well.

    The stem halves the resolution at once: at 48x48 the cheap layers cost most of the memory traffic.
    """
    pixels = layers.Input(INPUT_SHAPE, name="pixels")  # (B, 48, 48, 1), 0..255
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = _convolution(x, stem, strides=2)  # (B, 24, 24, stem)
    for stage, width in enumerate(widths):
        if stage:
            x = layers.MaxPooling2D()(x)
        for _ in range(depth):
            x = _convolution(x, width)
    x = layers.GlobalAveragePooling2D()(x)  # (B, widths[-1])
    x = layers.Dropout(dropout)(x)
    return keras.Model(pixels, layers.Dense(len(LABELS), activation="softmax", name="emotion")(x), name="cnn")


def _convolution(x: keras.KerasTensor, width: int, strides: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(
        width,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_regularizer=keras.regularizers.L2(WEIGHT_DECAY / 2),
    )(x)
    return layers.ReLU(max_value=6.0)(layers.BatchNormalization()(x))


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {"cnn": cnn}
