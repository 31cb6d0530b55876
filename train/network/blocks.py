"""The blocks that the networks are built of: convolutions with batch norm and weight decay, the input, the head."""

import keras
from keras import layers

from edge.contract import INPUT_SHAPE, LABELS
from train.network.normalization import FusedBatchNormalization

WEIGHT_DECAY = 5e-4  # on kernels only; Keras' L2 counts the square without the half


def scaled_pixels() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input (B, 48, 48, 1), 0..255, and the same scaled to -1..1."""
    pixels = layers.Input(INPUT_SHAPE, name="pixels")
    return pixels, layers.Rescaling(1 / 127.5, offset=-1)(pixels)


def convolution(
    x: keras.KerasTensor,
    width: int,
    strides: int = 1,
    side: int = 3,
    padding: str = "same",
    active: bool = True,
    constraint: keras.constraints.Constraint | None = None,
) -> keras.KerasTensor:
    x = layers.Conv2D(
        width,
        side,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_regularizer=_weight_decay(),
        kernel_constraint=constraint,
    )(x)
    x = FusedBatchNormalization(gamma_constraint=constraint, beta_constraint=constraint)(x)
    return layers.ReLU(max_value=6.0)(x) if active else x


def strided_shortcut(x: keras.KerasTensor, width: int, strides: int) -> keras.KerasTensor:
    """A 1x1 convolution, after pooling instead of strided: ResNet-D of He et al. 2018, "Bag of
    Tricks".

    TensorFlow 2.21 corrupts its memory in the gradient of a strided 1x1 convolution (x86,
    oneDNN).
    """
    if strides > 1:
        x = layers.AveragePooling2D(strides, padding="same")(x)
    return convolution(x, width, side=1, active=False)


def separable(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.SeparableConv2D(
        width,
        3,
        padding="same",
        use_bias=False,
        depthwise_regularizer=_weight_decay(),
        pointwise_regularizer=_weight_decay(),
    )(x)
    return FusedBatchNormalization()(x)


def _weight_decay() -> keras.regularizers.Regularizer:
    return keras.regularizers.L2(WEIGHT_DECAY / 2)


def emotion_head(
    pixels: keras.KerasTensor,
    features: keras.KerasTensor,
    dropout: float,
    name: str,
    constraint: keras.constraints.Constraint | None = None,
    classes: int = len(LABELS),
) -> keras.Model:
    """Average over what is left of the face, then a probability for each of the `classes`, in
    float32 whatever the rest is in.
    """
    pooled = layers.GlobalAveragePooling2D()(features)  # (B, channels)
    return emotion_layer(pixels, pooled, dropout, name, constraint, classes)


def emotion_layer(
    pixels: keras.KerasTensor,
    pooled: keras.KerasTensor,
    dropout: float,
    name: str,
    constraint: keras.constraints.Constraint | None = None,
    classes: int = len(LABELS),
) -> keras.Model:
    """A probability for each of the `classes`, of features (B, channels)."""
    x = layers.Dropout(dropout)(pooled) if dropout else pooled
    emotion = layers.Dense(
        classes,
        activation="softmax",
        name="emotion",
        dtype="float32",
        kernel_constraint=constraint,
    )
    return keras.Model(pixels, emotion(x), name=name)
