"""Change the last layer of a finished int8 file: shift its logits, divide them by a temperature.

The weights stay: a shift goes into the bias, in steps of some 0.00004 of a logit, and the layer's range grows by it,
lest a logit be cut off; a temperature only changes what the whole numbers stand for.
"""

from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from convert.quantization.tflite import operator_kind, packed
from edge.errors import ModelError

INT8 = np.iinfo(np.int8)


def with_logits(content: bytes, shift: np.ndarray, temperature: float) -> bytes:
    """Return `content`, a .tflite file, with (logits + shift) / temperature before its softmax.

    Raises ModelError where it does not end in a fully connected layer with a bias and a softmax.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    weights, bias, logits = _last_layer(model)
    values = np.frombuffer(bytes(model.buffers[bias.buffer].data), np.int32)
    steps = np.rint(shift / np.asarray(bias.quantization.scale))
    model.buffers[bias.buffer].data = np.frombuffer(
        (values + steps).astype(np.int32).tobytes(), np.uint8
    )
    _widen(logits.quantization, shift)
    for tensor in (weights, bias, logits):
        tensor.quantization.scale = (np.asarray(tensor.quantization.scale) / temperature).astype(
            np.float32
        )
    return packed(model)


def _widen(quantization: Any, shift: np.ndarray) -> None:
    """Let the logits' int8 range hold the shifted ones too."""
    scale = float(quantization.scale[0])
    zero_point = int(quantization.zeroPoint[0])
    low = (INT8.min - zero_point) * scale + min(shift.min(), 0.0)
    high = (INT8.max - zero_point) * scale + max(shift.max(), 0.0)
    wider = (high - low) / (INT8.max - INT8.min)
    quantization.scale = np.array([wider], np.float32)
    quantization.zeroPoint = np.array([round(INT8.min - low / wider)], np.int64)


def _last_layer(model: Any) -> tuple[Any, Any, Any]:
    """Its weights, bias and output."""
    graph = model.subgraphs[0]
    dense, softmax = ([None, None, *graph.operators])[-2:]
    expected = schema.BuiltinOperator.FULLY_CONNECTED, schema.BuiltinOperator.SOFTMAX
    if (
        (operator_kind(model, dense), operator_kind(model, softmax)) != expected
        or len(dense.inputs) != 3
        or dense.inputs[2] < 0
    ):
        raise ModelError(
            "the logits cannot be shifted: expected a network that ends in a dense layer with a bias and a softmax; "
            "nothing was written",
            "end it so, or quantize with --prior-exponent 0",
        )
    return (
        graph.tensors[dense.inputs[1]],
        graph.tensors[dense.inputs[2]],
        graph.tensors[dense.outputs[0]],
    )
