"""Our own network, alone and in committee: plain convolutions, batch norm, ReLU6, pooling."""

from typing import Any

import keras
from keras import layers

from edge.contract import LABELS
from train.errors import ConfigError
from train.network.blocks import convolution, emotion_head, emotion_layer, scaled_pixels
from train.network.mirror import MirrorSymmetric

WIDTHS = (48, 128, 192)
DEPTHS = (1, 3, 2)
STEM = 32
HEAD = 128
SIZES = {"widths", "depths", "stem", "head", "mirrored"}  # that a member of a committee has
MEMBERS = "members"  # the layer in which those of a committee come together


def cnn(
    widths: tuple[int, ...] = WIDTHS,
    depths: tuple[int, ...] = DEPTHS,
    stem: int = STEM,
    head: int = HEAD,
    dropout: float = 0.2,
    mirrored: bool = True,
    classes: int = len(LABELS),
) -> keras.Model:
    """Plain convolutions, batch norm, ReLU6, pooling: what int8 XNNPACK runs well. 79 MMACs,
    1.14 M parameters.

    The stem halves the resolution at once: at 48x48 the cheap layers cost most of the memory
    traffic. The head knows where on the face a feature lies; with `head` 0 it is an average
    over the face. Where `mirrored`, a face and its mirror image get the same answer: so widths
    are even, and the stem is 4x4, as steps of two across an even side leave a 3x3 one no
    middle. Raises ConfigError for an odd width.
    """
    inputs, x = scaled_pixels()
    features = _features(x, widths, depths, stem, head, mirrored)
    mirror = MirrorSymmetric() if mirrored else None
    return emotion_head(inputs, features, dropout, "cnn", mirror, classes)


def committee(
    members: tuple[dict[str, Any], ...] = ({}, {}, {}),
    dropout: float = 0.2,
    classes: int = len(LABELS),
) -> keras.Model:
    """Several `cnn` side by side, of the sizes that `members` gives them: the mean of their logits decides.

    79 MMACs and 1.14 M parameters each. `train assemble` makes one of members that are trained
    already. Raises ConfigError for what is no size of `cnn`.
    """
    inputs, x = scaled_pixels()
    pooled = []
    for sizes in members:
        if unknown := sizes.keys() - SIZES:
            raise ConfigError(
                f"committee: a member has no size {', '.join(sorted(unknown))}",
                f"it has {', '.join(sorted(SIZES))}",
            )
        pooled.append(layers.GlobalAveragePooling2D()(_features(x, **sizes)))
    joined = layers.Concatenate(name=MEMBERS)(pooled)  # (B, channels of all)
    return emotion_layer(inputs, joined, dropout, "committee", classes=classes)


def _features(
    x: keras.KerasTensor,
    widths: tuple[int, ...] = WIDTHS,
    depths: tuple[int, ...] = DEPTHS,
    stem: int = STEM,
    head: int = HEAD,
    mirrored: bool = True,
) -> keras.KerasTensor:
    if mirrored and (odd := [width for width in (stem, *widths, head) if width % 2]):
        raise ConfigError(
            f"cnn: stem, widths and head must be even (channels come in mirrored pairs), found {odd[0]}",
            f"take {odd[0] + 1}",
        )
    mirror = MirrorSymmetric() if mirrored else None
    # (B, 24, 24, stem)
    x = convolution(x, stem, strides=2, side=4 if mirrored else 3, constraint=mirror)
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            x = layers.MaxPooling2D()(x)
        for _ in range(depth):
            x = convolution(x, width, constraint=mirror)
    if head:
        x = layers.AveragePooling2D(2)(x)  # (B, 3, 3, channels)
        x = convolution(x, head, padding="valid", constraint=mirror)  # (B, 1, 1, head)
    return x
