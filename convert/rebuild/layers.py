"""Read the weights of an int8 .tflite file back as floating-point numbers, and undo the shift of its logits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from convert.quantization.tflite import operator_kind
from edge.errors import ModelError

WEIGHTED = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.FULLY_CONNECTED)


@dataclass(frozen=True)
class Weights:
    """Of one layer, as Keras has them, batch norm folded in."""

    kernel: np.ndarray
    """(height, width, in, out), or (in, out) of a dense layer"""
    bias: np.ndarray
    """(out,)"""


def read_weights(content: bytes) -> list[Weights]:
    """The convolutions and the dense layer of `content`, in their order.

    Raises ModelError where one has no bias, or the file is none of TensorFlow Lite.
    """
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except Exception as error:  # flatbuffers checks nothing: it raises whatever the bytes lead to
        raise ModelError("not a .tflite file that can be read", "copy it again") from error
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        if operator_kind(model, operator) in WEIGHTED:
            found.append(_weights(model, operator))
    return found


def _weights(model: Any, operator: Any) -> Weights:
    if len(operator.inputs) != 3 or operator.inputs[2] < 0:
        raise ModelError(
            "a layer has no bias; expected batch norm folded into each convolution",
            "give a file that `quantize` made of one of our networks",
        )
    tensors = model.subgraphs[0].tensors
    kernel = _values(model, tensors[operator.inputs[1]], np.int8)
    order = (1, 2, 3, 0) if kernel.ndim == 4 else (1, 0)
    return Weights(kernel.transpose(order), _values(model, tensors[operator.inputs[2]], np.int32))


def _values(model: Any, tensor: Any, kind: type) -> np.ndarray:
    """What the whole numbers stand for; each output channel, the first axis, may have a scale of its own."""
    data: np.ndarray = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind)
    numbers: np.ndarray = data.reshape(tensor.shape).astype(np.float64)
    scale = np.asarray(tensor.quantization.scale, np.float64)
    return numbers * scale.reshape(-1, *[1] * (numbers.ndim - 1))


def without_prior(last: Weights, prior: dict[str, Any]) -> Weights:
    """The last layer before its logits were shifted by `prior`, as the manifest has it; empty: they were not."""
    if not prior.get("exponent"):
        return last
    shift = np.array(list(prior["shift"].values()))
    temperature = prior["temperature"]
    return Weights(last.kernel * temperature, last.bias * temperature - shift)
