"""A first layer on squares of pixels: the same whole numbers as on single pixels, from any file of that kind."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest

from convert.quantization.first_layer import gathered_weights, on_squares, spread_weights
from convert.quantization.tflite import check_int8, to_int8
from edge.settings import DEFAULT_GRAYNET
from edge.vision.runtime import load_interpreter


def network(side: int, strides: int = 2, padding: str = "same", shape: tuple[int, ...] = (48, 48, 1)) -> keras.Model:
    """Untrained: two convolutions, the first one with a kernel of `side` pixels."""
    keras.utils.set_random_seed(side)
    pixels = keras.Input(shape)
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels)
    x = keras.layers.Conv2D(8, side, strides=strides, padding=padding, activation="relu")(scaled)
    return keras.Model(pixels, keras.layers.Conv2D(4, 3, padding="same")(x))


def pictures(shape: tuple[int, ...] = (48, 48)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, *shape), dtype=np.uint8)


def outputs(content: bytes, shape: tuple[int, int]) -> Iterator[np.ndarray]:
    """What the file at `content` says of some noise of this shape."""
    interpreter = load_interpreter(content, 1, "litert")
    given = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(given, (1, *shape, 1))
    interpreter.allocate_tensors()
    for picture in pictures(shape):
        interpreter.set_tensor(given, (picture ^ 128).view(np.int8).reshape(1, *shape, 1))
        interpreter.invoke()
        for output in interpreter.get_output_details():
            yield interpreter.get_tensor(output["index"])


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6, 7])
def test_every_number_stays_the_same_whatever_the_kernel_and_the_frame(side: int) -> None:
    content = to_int8(network(side), pictures())
    rewritten = on_squares(content)
    assert check_int8(rewritten) == {**check_int8(content), "SPACE_TO_DEPTH": 1}
    for shape in ((48, 48), (32, 64), (64, 16)):
        for before, after in zip(outputs(content, shape), outputs(rewritten, shape), strict=True):
            assert before.any()
            np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize(
    "given",
    [
        network(3, strides=1),
        network(3, strides=4),
        network(3, padding="valid"),
        network(3, shape=(47, 48, 1)),
    ],
    ids=["every pixel", "every fourth", "not padded", "odd sides"],
)
def test_a_network_of_another_kind_stays_as_it_is(given: keras.Model) -> None:
    content = to_int8(given, pictures(given.input_shape[1:3]))
    assert on_squares(content) == content


def test_the_shipped_detector_has_it_and_is_not_rewritten_twice() -> None:
    content = DEFAULT_GRAYNET.read_bytes()
    assert check_int8(content)["SPACE_TO_DEPTH"] == 1
    assert on_squares(content) == content


def test_a_kernel_that_begins_a_pixel_before_its_place_begins_in_the_square_before() -> None:
    weights = np.arange(1, 17, dtype=np.int8).reshape(1, 4, 4, 1)
    spread = spread_weights(weights)
    assert spread.shape == (1, 3, 3, 4)
    assert spread[0, 0, 0].tolist() == [0, 0, 0, 1]
    assert spread[0, 1, 1].tolist() == [6, 7, 10, 11]
    assert spread.sum() == weights.sum()


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6])
def test_the_weights_by_pixel_are_had_again(side: int) -> None:
    weights = np.random.default_rng(side).integers(-127, 128, (6, side, side, 1)).astype(np.int8)
    np.testing.assert_array_equal(gathered_weights(spread_weights(weights), side), weights)
