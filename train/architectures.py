"""The networks, each a pure function of its size: uint8-ranged gray faces in, seven probabilities out."""

from collections.abc import Callable

import keras
from keras import layers

from edge.contract import INPUT_SHAPE, LABELS
from train.normalization import FusedBatchNormalization
from train.votes import VOTE_COLUMNS

WEIGHT_DECAY = 5e-4  # on kernels only; Keras' L2 counts the square without the half


def cnn(
    widths: tuple[int, ...] = (48, 128, 192), depths: tuple[int, ...] = (1, 3, 2), stem: int = 32, dropout: float = 0.2
) -> keras.Model:
    """Plain 3x3 convolutions, batch norm, ReLU6, pooling: what int8 XNNPACK runs well; 79 MMACs.

    The stem halves the resolution at once: at 48x48 the cheap layers cost most of the memory traffic.
    """
    pixels = layers.Input(INPUT_SHAPE, name="pixels")  # (B, 48, 48, 1), 0..255
    x = layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = _convolution(x, stem, strides=2)  # (B, 24, 24, stem)
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            x = layers.MaxPooling2D()(x)
        for _ in range(depth):
            x = _convolution(x, width)
    x = layers.GlobalAveragePooling2D()(x)  # (B, widths[-1])
    return _head(pixels, layers.Dropout(dropout)(x), "cnn")


def _convolution(x: keras.KerasTensor, width: int, strides: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(
        width,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_regularizer=keras.regularizers.L2(WEIGHT_DECAY / 2),
    )(x)
    return layers.ReLU(max_value=6.0)(FusedBatchNormalization()(x))


def _head(pixels: keras.KerasTensor, features: keras.KerasTensor, name: str) -> keras.Model:
    """Seven probabilities, in float32 whatever the rest is in."""
    probabilities = layers.Dense(len(LABELS), activation="softmax", name="emotion", dtype="float32")(features)
    return keras.Model(pixels, probabilities, name=name)


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {"cnn": cnn}


def build(name: str, policy: str = "float32") -> keras.Model:
    """Build `ARCHITECTURES[name]` in the Keras dtype policy `policy`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return ARCHITECTURES[name]()
    finally:
        keras.config.set_dtype_policy(before)


def with_votes(model: keras.Model) -> keras.Model:
    """Give `model` a second head that learns how FER+'s people voted; `train.export.deployable` drops it."""
    emotion = model.get_layer("emotion")
    votes = layers.Dense(len(VOTE_COLUMNS), activation="softmax", name="votes", dtype="float32")(emotion.input)
    return keras.Model(model.input, {"emotion": emotion.output, "votes": votes}, name=model.name)
