"""Let a first layer that takes every second pixel see squares of 2x2 pixels instead, with the same whole numbers.

Processors multiply channels by fours or eights, and a gray picture has one: most of what such a layer multiplies is
padding. Four pixels as four channels of one place (space to depth) need a kernel half as wide, in which the weights
stand at other places beside zeros. What is summed, and so each number that comes out, stays the same.
"""

from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from convert.quantization.tflite import operator_kind, packed

BLOCK = 2  # px, side of a square
CONVOLUTION = schema.BuiltinOperator.CONV_2D
SQUARES = schema.BuiltinOperator.SPACE_TO_DEPTH
INT8_VERSION = 2  # of that operator, the first that takes int8


def on_squares(content: bytes) -> bytes:
    """Return `content`, a .tflite file, with its first convolution on squares of pixels; as it is where none fits."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    place = next(
        (
            number
            for number, one in enumerate(graph.operators)
            if operator_kind(model, one) == CONVOLUTION
        ),
        None,
    )
    if place is None or not _fits(graph, graph.operators[place]):
        return content
    convolution = graph.operators[place]
    weights = graph.tensors[convolution.inputs[1]]
    values = np.frombuffer(bytes(model.buffers[weights.buffer].data), np.int8)
    spread = spread_weights(values.reshape(weights.shape))
    model.buffers[weights.buffer].data = np.frombuffer(spread.tobytes(), np.uint8)
    weights.shape = np.array(spread.shape, np.int32)
    convolution.builtinOptions.strideH = 1
    convolution.builtinOptions.strideW = 1
    squares = _add_squares(model, graph, place, convolution.inputs[0])
    convolution.inputs = np.array([squares, *convolution.inputs[1:]], np.int32)
    return packed(model)


def spread_weights(weights: np.ndarray) -> np.ndarray:
    """Weights for squares, (N, k, k, 4) int8, that do what `weights`, (N, side, side, 1), do at every second pixel."""
    count, side = weights.shape[:2]
    before = (side - BLOCK) // 2  # px of padding above and to the left of a picture with even sides
    squares_before = -(-before // BLOCK)
    squares = squares_before + (side - 1 - before) // BLOCK + 1
    first = squares_before * BLOCK - before
    spread = np.zeros((count, squares * BLOCK, squares * BLOCK), np.int8)
    spread[:, first : first + side, first : first + side] = weights[..., 0]
    by_square = spread.reshape(count, squares, BLOCK, squares, BLOCK).transpose(0, 1, 3, 2, 4)
    return by_square.reshape(count, squares, squares, BLOCK * BLOCK)


def gathered_weights(spread: np.ndarray, side: int) -> np.ndarray:
    """The weights, (N, side, side, 1), of which `spread_weights` made `spread`, (N, k, k, 4)."""
    count, squares = spread.shape[:2]
    by_row = spread.reshape(count, squares, squares, BLOCK, BLOCK).transpose(0, 1, 3, 2, 4)
    rows = by_row.reshape(count, squares * BLOCK, squares * BLOCK, 1)
    before = (side - BLOCK) // 2
    first = -(-before // BLOCK) * BLOCK - before
    return rows[:, first : first + side, first : first + side]


def _fits(graph: Any, convolution: Any) -> bool:
    """Whether it takes every second pixel of a gray picture with even sides, padded as little as that needs."""
    options = convolution.builtinOptions
    _, height, width, channels = graph.tensors[convolution.inputs[0]].shape
    _, rows, columns, _ = graph.tensors[convolution.inputs[1]].shape
    return bool(
        channels == 1
        and height % BLOCK == width % BLOCK == 0
        and rows == columns >= BLOCK
        and (options.strideH, options.strideW) == (BLOCK, BLOCK)
        and (options.dilationHFactor, options.dilationWFactor) == (1, 1)
        and options.padding == schema.Padding.SAME
    )


def _add_squares(model: Any, graph: Any, place: int, picture: int) -> int:
    """Put the operator that makes squares of the tensor `picture` at `place`; returns the tensor that it makes."""
    pixels = graph.tensors[picture]
    made = schema.TensorT()
    made.name = b"squares"
    made.type = pixels.type
    made.quantization = pixels.quantization
    _, height, width, _ = pixels.shape
    made.shape = np.array([1, height // BLOCK, width // BLOCK, BLOCK * BLOCK], np.int32)
    graph.tensors.append(made)
    code = schema.OperatorCodeT()
    code.builtinCode = SQUARES
    code.deprecatedBuiltinCode = SQUARES
    code.version = INT8_VERSION
    model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs = np.array([picture], np.int32)
    operator.outputs = np.array([len(graph.tensors) - 1], np.int32)
    operator.builtinOptionsType = schema.BuiltinOptions.SpaceToDepthOptions
    operator.builtinOptions = schema.SpaceToDepthOptionsT()
    operator.builtinOptions.blockSize = BLOCK
    graph.operators.insert(place, operator)
    return len(graph.tensors) - 1
