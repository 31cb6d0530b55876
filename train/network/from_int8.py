"""Begin a training where an int8 file ends: its weights, as real numbers, in the network that it was made of.

The file keeps no batch norm, each is folded into its convolution. Here it gets one again that changes nothing at first.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from train.errors import NetworkError

NORM = keras.layers.BatchNormalization
SQUARE = 2  # px: a file's first convolution may see squares of this side


def take_int8(network: keras.Model, path: Path, frames: np.ndarray) -> None:
    """Give `network` the weights of the .tflite file `path`; on `frames`, (N, H, W, 1) float32, it then says the same.

    Each batch norm takes mean and variance of `frames`, so that it says the same in training too. Raises NetworkError
    where the file's convolutions are not those of `network`.
    """
    kernels = _convolutions(path)
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    if len(kernels) != len(convolutions):
        raise NetworkError(
            f"{path}: expected {len(convolutions)} convolutions, as the network has them, found {len(kernels)}",
            "give the file of a network of the same kind",
        )
    for layer in convolutions:
        kernel, bias = _next_of_shape(kernels, layer, path)
        norm = _norm_behind(layer)
        if norm is None:
            layer.set_weights([kernel, bias])
        else:
            layer.set_weights([kernel])
            neutralize(norm, bias, np.zeros_like(bias), np.ones_like(bias))
    _settle(network, [layer for layer in convolutions if _norm_behind(layer)], frames)


def _convolutions(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Kernel (height, width, in, out) and bias (out,) of each, float32, in the file's order."""
    try:
        interpreter = Interpreter(
            str(path),
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
    except (ValueError, OSError) as error:
        raise NetworkError(f"{path}: expected a .tflite file: {error}", "copy it again") from error
    tensors = {details["index"]: details for details in interpreter.get_tensor_details()}
    found = []
    for operator in interpreter._get_ops_details():
        if operator["op_name"] == "CONV_2D":
            kernel, bias = (_real(interpreter, tensors[index]) for index in operator["inputs"][1:3])
            found.append((kernel.transpose(1, 2, 3, 0), bias))
    return found


def _real(interpreter: Interpreter, details: dict) -> np.ndarray:
    """The values of a tensor with one scale a channel, or one for all; weights have no zero point."""
    scales = details["quantization_parameters"]["scales"]
    values = interpreter.get_tensor(details["index"]).astype(np.float32)
    return values * scales.reshape(-1, *[1] * (values.ndim - 1))


def _next_of_shape(
    kernels: list[tuple[np.ndarray, np.ndarray]], layer: keras.layers.Layer, path: Path
) -> tuple[np.ndarray, np.ndarray]:
    """The first that fits and was not taken yet: the outputs stand in another order in the file."""
    shape = tuple(layer.kernel.shape)
    for number, (kernel, bias) in enumerate(kernels):
        if kernel.shape[2] == SQUARE**2 and shape[2] == 1:
            kernel = _off_squares(kernel)[: shape[0], : shape[1]]
        if kernel.shape == shape:
            kernels.pop(number)
            return kernel, bias
    raise NetworkError(
        f"{path}: no convolution of the shape {shape} is left for {layer.name}",
        "give the file of a network of the same kind",
    )


def _off_squares(kernel: np.ndarray) -> np.ndarray:
    """A kernel on squares of 2x2 pixels, (k, k, 4, out), as `convert.quantization.first_layer` makes it, on the
    pixels themselves: (2 k, 2 k, 1, out).
    """
    side, _, _, count = kernel.shape
    split = kernel.reshape(side, side, SQUARE, SQUARE, count).transpose(0, 2, 1, 3, 4)
    return split.reshape(side * SQUARE, side * SQUARE, 1, count)


def _norm_behind(layer: keras.layers.Layer) -> keras.layers.Layer | None:
    behind = [node.operation for node in layer._outbound_nodes]
    return next((one for one in behind if isinstance(one, NORM)), None)


def neutralize(
    norm: keras.layers.Layer, bias: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> None:
    """Let `norm` add `bias` and do nothing else, while its averages are `mean` and `variance`; each is (out,)."""
    norm.set_weights([np.sqrt(variance + norm.epsilon), bias + mean, mean, variance])


def _settle(
    network: keras.Model, convolutions: list[keras.layers.Layer], frames: np.ndarray
) -> None:
    """Let each neutral batch norm expect what it gets, and undo in gamma and beta what it now does to it."""
    for layer, mean, variance in _statistics(network, convolutions, frames):
        norm: Any = _norm_behind(layer)
        _, bias, *_ = norm.get_weights()
        neutralize(norm, bias, mean, variance)


def _statistics(
    network: keras.Model, convolutions: list[keras.layers.Layer], frames: np.ndarray
) -> Iterator[tuple[keras.layers.Layer, np.ndarray, np.ndarray]]:
    """Each convolution with mean and variance, (out,), of what it gives for `frames`."""
    outputs = keras.Model(network.input, [layer.output for layer in convolutions])
    given = outputs.predict(frames, batch_size=32, verbose=0)
    for layer, values in zip(convolutions, given, strict=True):
        values = values.astype(np.float32)
        yield layer, values.mean(axis=(0, 1, 2)), values.var(axis=(0, 1, 2))
