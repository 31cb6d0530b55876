"""The network of a single-shot detector: gray pixels in, int8 values of each cell of the picture out."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.vision.manifest import DETECTOR_OUTPUTS, DetectorManifest
from edge.vision.runtime import Runtime, accelerated, dequantize, open_interpreter, verify_tensor

SIDE_MULTIPLE = 16  # px: what the network halves four times


class Cells:
    """Takes pictures of any shape: the network is resized to the picture's own, which costs milliseconds when it
    changes. Raises ModelError where `content`, the bytes of a .tflite file, is damaged or not what `manifest` says.
    """

    def __init__(self, path: Path, content: bytes, manifest: DetectorManifest, runtime: Runtime) -> None:
        self.runtime, self._interpreter = open_interpreter(path, content, 1, runtime)
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = _by_name(path, self._interpreter.get_output_details())
        verify_tensor(path, "input", manifest.input, self._input)
        for name, details in self._outputs.items():
            verify_tensor(path, name, manifest.outputs[name], details)

    @property
    def accelerated(self) -> bool:
        """Whether XNNPACK runs the network."""
        return accelerated(self._interpreter)

    def run(self, gray: npt.NDArray[np.uint8]) -> None:
        pixels = _padded(gray)
        shape = (1, *pixels.shape, 1)
        if shape != tuple(self._input["shape"]):
            self._interpreter.resize_tensor_input(self._input["index"], shape)
            self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]
        shifted = np.bitwise_xor(pixels, 128).view(np.int8)  # minus 128: the manifest vouches for scale and zero point
        self._interpreter.set_tensor(self._input["index"], shifted.reshape(shape))
        self._interpreter.invoke()

    def output(self, name: str) -> npt.NDArray[np.int8]:
        """Of the last run, (H/8, W/8, channels)."""
        values: npt.NDArray[np.int8] = self._interpreter.get_tensor(self._outputs[name]["index"])[0]
        return values

    def values(self, name: str, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Real values of some cells, (N, channels)."""
        return dequantize(self.output(name)[rows, columns], *self._outputs[name]["quantization"])


def _by_name(path: Path, outputs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The file has its own names and order: its outputs are told apart by their channels."""
    names = {tuple(channels): name for name, channels in DETECTOR_OUTPUTS.items()}
    found = {names.get(tuple(details["shape"][-1:])): details for details in outputs}
    if set(found) != set(DETECTOR_OUTPUTS):
        channels = [int(details["shape"][-1]) for details in outputs]
        raise ModelError(
            f"{path}: expected outputs with 1, 4 and 10 channels, found {channels}",
            "quantize it again",
        )
    return {str(name): details for name, details in found.items()}


def _padded(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Continue the lower and right edge up to whole cells of the coarsest layer."""
    down = -small.shape[0] % SIDE_MULTIPLE
    right = -small.shape[1] % SIDE_MULTIPLE
    if not (down or right):
        return small
    return np.asarray(cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8)
