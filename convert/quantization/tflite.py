"""Make a fully int8 TFLite file of a Keras model, check it operator by operator, and pack one that was changed."""

import re
from collections import Counter
from typing import Any

import flatbuffers
import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.python.convert_phase import ConverterError

from edge.errors import ModelError
from train.quiet import quiet

IDENTIFIER = b"TFL3"  # of the file format
INTEGER_TYPES = {schema.TensorType.INT8, schema.TensorType.INT32}  # INT32: biases, shapes
TYPE_NAMES = {value: name for name, value in vars(schema.TensorType).items() if name.isupper()}
OPERATOR_NAMES = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()
}


def to_int8(model: keras.Model, images: np.ndarray) -> bytes:
    """Convert with int8 input, weights, activations and output; `images` (N, H, W) uint8 give
    the ranges.

    Raises ModelError where the network holds what TensorFlow Lite cannot express.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [image[np.newaxis, ..., np.newaxis].astype(np.float32)] for image in images
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    try:
        with quiet():
            content: bytes = converter.convert()
    except (ConverterError, ValueError, TypeError, RuntimeError) as error:
        # One line of some forty, which are the compiler's own terms.
        unknown = re.search("ops: .+", str(error))
        reason = unknown.group() if unknown else str(error).split("\n")[0]
        raise ModelError(
            f"TensorFlow Lite cannot convert this network ({reason}); nothing was written",
            "build it of layers that TensorFlow Lite has",
        ) from error
    return content


def check_int8(content: bytes) -> dict[str, int]:
    """Return how often each operator occurs; raises ModelError where one touches anything but
    integers.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    counts: Counter[str] = Counter()
    for graph in model.subgraphs:
        for operator in graph.operators:
            name = OPERATOR_NAMES[operator_kind(model, operator)]
            counts[name] += 1
            for index in (*operator.inputs, *operator.outputs):
                if index >= 0:  # -1: left out
                    _check_integers(name, graph.tensors[index])
    return dict(counts)


def _check_integers(operator: str, tensor: "schema.TensorT") -> None:
    if tensor.type not in INTEGER_TYPES:
        kind = TYPE_NAMES[tensor.type].lower()
        raise ModelError(
            f"not fully int8: {operator} has the {kind} tensor {tensor.name.decode()}; nothing was written",
            "build it of layers that TensorFlow Lite computes in int8",
        )


def operator_kind(model: Any, operator: Any) -> int:
    """One of schema.BuiltinOperator; -1 for None. Two fields may hold it: the older has no room for large ones."""
    if operator is None:
        return -1
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def packed(model: Any) -> bytes:
    """The .tflite file of `model`, as the schema has unpacked it."""
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
