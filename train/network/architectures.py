"""The networks, each a pure function of its size: uint8-ranged gray faces in, a probability for
each class out.
"""

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from edge.contract import LABELS
from train.data.classes import SEVEN, Classes
from train.data.vote_columns import VOTE_COLUMNS
from train.errors import ConfigError, NetworkError
from train.network.blocks import (
    convolution,
    emotion_head,
    scaled_pixels,
    separable,
    strided_shortcut,
)
from train.network.cnn import cnn, committee
from train.network.loading import read_emotion_network
from train.run.folder import classes_beside


def vgg(
    widths: tuple[int, ...] = (24, 48, 96, 192),
    depth: int = 2,
    dropout: float = 0.3,
    classes: int = len(LABELS),
) -> keras.Model:
    """Pairs of 3x3 convolutions from the full resolution on: Simonyan and Zisserman 2014,
    narrowed. 66 MMACs.
    """
    inputs, x = scaled_pixels()
    for width in widths:
        for _ in range(depth):
            x = convolution(x, width)
        x = layers.MaxPooling2D()(x)
    return emotion_head(inputs, x, dropout, "vgg", classes=classes)


def resnet(
    widths: tuple[int, ...] = (32, 64, 128),
    blocks: int = 2,
    stem: int = 32,
    dropout: float = 0.2,
    classes: int = len(LABELS),
) -> keras.Model:
    """Residual blocks of two 3x3 convolutions: He et al. 2015. 58 MMACs."""
    inputs, x = scaled_pixels()
    x = convolution(x, stem, strides=2)  # (B, 24, 24, stem)
    for stage, width in enumerate(widths):
        for block in range(blocks):
            strides = 2 if stage and not block else 1
            changes = strides > 1 or x.shape[-1] != width
            shortcut = strided_shortcut(x, width, strides) if changes else x
            x = convolution(convolution(x, width, strides), width, active=False)
            x = layers.ReLU(max_value=6.0)(layers.Add()([x, shortcut]))
    return emotion_head(inputs, x, dropout, "resnet", classes=classes)


def mini_xception(
    widths: tuple[int, ...] = (16, 32, 64, 128), stem: int = 8, classes: int = len(LABELS)
) -> keras.Model:
    """Separable convolutions beside strided shortcuts: Arriaga et al. 2017, with a dense head.
    0.05 M parameters.
    """
    inputs, x = scaled_pixels()
    for _ in range(2):
        x = convolution(x, stem, padding="valid")
    for width in widths:
        shortcut = strided_shortcut(x, width, strides=2)
        x = layers.ReLU(max_value=6.0)(separable(x, width))
        x = layers.Add()(
            [layers.MaxPooling2D(3, strides=2, padding="same")(separable(x, width)), shortcut]
        )
    return emotion_head(inputs, x, 0.0, "mini_xception", classes=classes)


def mobilenet_v2(
    alpha: float = 0.5, pretrained: bool = False, classes: int = len(LABELS)
) -> keras.Model:
    """MobileNetV2 of keras.applications on faces enlarged to 96x96; `pretrained` starts from
    its ImageNet weights.

    Raises ConfigError where the weights are neither in Keras' cache nor to be fetched.
    """
    inputs, x = scaled_pixels()  # already -1..1, as MobileNetV2 expects
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([x, x, x])  # gray as RGB
    try:
        body = keras.applications.MobileNetV2(
            x.shape[1:],
            alpha,
            include_top=False,
            weights="imagenet" if pretrained else None,
            input_tensor=x,
        )
    except Exception as error:  # Keras raises a bare Exception where a download fails
        if not pretrained:
            raise
        raise ConfigError(
            f"the ImageNet weights cannot be fetched ({error})",
            "go online once, copy them to ~/.keras/models, or leave out --pretrained",
        ) from error
    return emotion_head(inputs, body.output, 0.2, "mobilenet_v2", classes=classes)


ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    network.__name__: network
    for network in (cnn, committee, vgg, resnet, mini_xception, mobilenet_v2)
}
PRETRAINED = ("mobilenet_v2",)


def build(
    name: str,
    policy: str = "float32",
    pretrained: bool = False,
    classes: int = len(LABELS),
    **sizes: Any,
) -> keras.Model:
    """Build `ARCHITECTURES[name]` for so many `classes`, of other `sizes` than its own if given, in
    the Keras dtype policy `policy`.

    Raises ConfigError where there is no such network, it has no weights, or no such size.
    """
    if name not in ARCHITECTURES:
        raise ConfigError(f"no network {name!r}", f"there are {', '.join(ARCHITECTURES)}")
    if pretrained and name not in PRETRAINED:
        raise ConfigError(
            f"no ImageNet weights for {name}",
            f"--pretrained goes with --arch {' or '.join(PRETRAINED)}",
        )
    known = signature(ARCHITECTURES[name]).parameters.keys() - {"pretrained", "classes"}
    if unknown := sizes.keys() - known:
        raise ConfigError(
            f"{name} has no size {', '.join(sorted(unknown))}", f"it has {', '.join(sorted(known))}"
        )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        weights = {"pretrained": True} if pretrained else {}
        return ARCHITECTURES[name](**sizes, **weights, classes=classes)
    finally:
        keras.config.set_dtype_policy(before)


def load_weights(model: keras.Model, path: Path, classes: Classes = SEVEN) -> None:
    """Give `model`, which tells `classes`, the weights of the trained network `path`.

    From a network of the seven emotions it gets all but the last layer's; of these a class has the
    mean of its emotions'. Raises NetworkError where the network is of another kind, size or classes.
    """
    trained = read_emotion_network(path, outputs=None)
    weights = trained.get_weights()
    before = classes_beside(path, trained.output_shape[-1])
    if before == SEVEN and classes != SEVEN:
        weights[-2:] = _merged_head(weights[-2], weights[-1], classes)
    elif before is not None and before != classes:
        raise NetworkError(
            f"{path}: tells {', '.join(before.names)}, expected {', '.join(classes.names)}",
            "start from a network of the seven emotions, or give this one's --labels",
        )
    expected = [weight.shape for weight in model.get_weights()]
    found = [weight.shape for weight in weights]
    if found != expected:
        raise NetworkError(
            f"{path}: its weights are not those of this {model.name}",
            "give the --arch or --recipe it was made by",
        )
    model.set_weights(weights)


def _merged_head(
    kernel: np.ndarray, bias: np.ndarray, classes: Classes
) -> tuple[np.ndarray, np.ndarray]:
    """The last layer's (C, 7) and (7,) as (C, K) and (K,): n emotions that are equally likely are n times as likely."""
    counts = np.array([len(emotions) for emotions in classes.members])
    means = classes.summed(kernel) / counts, classes.summed(bias[np.newaxis])[0] / counts
    return means[0].astype(np.float32), (means[1] + np.log(counts)).astype(np.float32)


def with_votes(model: keras.Model, columns: int = len(VOTE_COLUMNS)) -> keras.Model:
    """Give `model` a second head that learns how FER+'s people voted, in so many `columns`;
    `train.network.export.deployable` drops it.
    """
    emotion = model.get_layer("emotion")
    votes = layers.Dense(columns, activation="softmax", name="votes", dtype="float32")(
        emotion.input
    )
    return keras.Model(model.input, {"emotion": emotion.output, "votes": votes}, name=model.name)
