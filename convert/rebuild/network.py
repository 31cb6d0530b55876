"""Put the weights of an int8 file into the network of its recipe, and give it batch norms that agree with them."""

import keras
import numpy as np

from convert.quantization.first_layer import gathered_weights
from convert.rebuild.layers import Weights
from edge.errors import ModelError
from train.config import FitConfig
from train.data.batches import as_input
from train.network.architectures import build
from train.network.export import deployable
from train.network.from_int8 import neutralize

BATCH = 256


def rebuild(weights: list[Weights], config: FitConfig, images: np.ndarray) -> keras.Model:
    """Return the network of `config` with `weights`, as `train fit` would have kept it.

    Batch norm's averages are those of its inputs over `images` (N, 48, 48) uint8, training faces, and their mirror
    images; its factors then undo them, so that training begins with the very answers of the file. Raises ModelError
    where the file's layers are not the network's.
    """
    model = build(config.arch, classes=len(config.classes), **config.network)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    dense = model.get_layer("emotion")
    weights = [_by_pixel(weights[0], convolutions[0]), *weights[1:]]
    _check([*convolutions, dense], weights)
    biases = []
    for convolution, norm, layer in zip(convolutions, norms, weights[:-1], strict=True):
        convolution.set_weights([_constrained(convolution.kernel_constraint, layer.kernel)])
        biases.append(_constrained(norm.beta_constraint, layer.bias))
        neutralize(norm, biases[-1], np.zeros_like(layer.bias), np.ones_like(layer.bias))
    kernel = _constrained(dense.kernel_constraint, weights[-1].kernel)
    dense.set_weights([kernel, weights[-1].bias])
    means, variances = _statistics(model, convolutions, images)
    for norm, bias, mean, variance in zip(norms, biases, means, variances, strict=True):
        neutralize(norm, bias, mean, variance)
    return deployable(model)


def _by_pixel(first: Weights, convolution: keras.layers.Layer) -> Weights:
    """Where the file's first layer sees squares of four pixels, what it would be on pixels."""
    if not (
        first.kernel.ndim == 4 and first.kernel.shape[2] == 4 and convolution.kernel.shape[2] == 1
    ):
        return first
    by_output = first.kernel.transpose(3, 0, 1, 2)
    gathered = gathered_weights(by_output, convolution.kernel.shape[0])
    return Weights(gathered.transpose(1, 2, 3, 0), first.bias)


def _check(layers: list[keras.layers.Layer], weights: list[Weights]) -> None:
    expected = [tuple(layer.kernel.shape) for layer in layers]
    found = [layer.kernel.shape for layer in weights]
    if found != expected:
        raise ModelError(
            f"its layers are not those of the recipe: expected kernels of {expected}, found {found}",
            "give the --recipe that it was made by",
        )


def _constrained(constraint: keras.constraints.Constraint | None, values: np.ndarray) -> np.ndarray:
    """As training keeps them: rounding to int8 leaves mirrored channels a little apart."""
    if constraint is None:
        return values
    return keras.ops.convert_to_numpy(constraint(keras.ops.convert_to_tensor(values, "float32")))


def _statistics(
    model: keras.Model, convolutions: list[keras.layers.Layer], images: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Mean and variance of each convolution's output, by channel, over `images` and their mirror images."""
    probe = keras.Model(model.input, [layer.output for layer in convolutions])
    sums = [np.zeros(layer.filters) for layer in convolutions]
    squares = [np.zeros(layer.filters) for layer in convolutions]
    counts = [0] * len(convolutions)
    for start in range(0, len(images), BATCH):
        batch = as_input(images[start : start + BATCH])
        for view in (batch, batch[:, :, ::-1]):
            for index, output in enumerate(probe.predict_on_batch(np.ascontiguousarray(view))):
                flat = output.reshape(-1, output.shape[-1]).astype(np.float64)
                sums[index] += flat.sum(axis=0)
                squares[index] += (flat**2).sum(axis=0)
                counts[index] += len(flat)
    means = [total / count for total, count in zip(sums, counts, strict=True)]
    variances = []
    for square, count, mean in zip(squares, counts, means, strict=True):
        variances.append(np.maximum(square / count - mean**2, 0.0))
    return means, variances
