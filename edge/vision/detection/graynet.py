"""GrayNet, our own detector: a single-shot int8 network on the gray frame itself, run like the classifier."""

import math
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import CELL_PX, COPY_WIDTH_PX, MAX_OVERLAP, UNIT_PX
from edge.errors import ModelError
from edge.vision import manifest as manifests
from edge.vision.detection.distinct import distinct
from edge.vision.detection.face import Face, as_box, largest_first, reduced
from edge.vision.manifest import DETECTOR_OUTPUTS, DetectorManifest
from edge.vision.runtime import Runtime, accelerated, dequantize, open_interpreter, verify_tensor

SIDE_MULTIPLE = 16  # px: what the network halves four times


class GrayNet:
    """Raises ModelError where `content`, the bytes of a .tflite file, is damaged or not what `manifest` says.

    Takes frames of any shape: the network is resized to the frame's own, which costs milliseconds when it changes.
    Not for use from several threads at once.
    """

    name = "graynet"

    def __init__(
        self,
        content: bytes,
        manifest: DetectorManifest,
        threshold: float = 0.0,
        min_face_px: int = 32,
        runtime: Runtime = "auto",
        path: Path = Path("the face detector"),
    ) -> None:
        """A `threshold` of 0 is the manifest's own; `path` is what messages call the model."""
        self.manifest = manifest
        self.geometry = manifest.crop
        self.runtime, self._interpreter = open_interpreter(path, content, 1, runtime)
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = _by_name(path, self._interpreter.get_output_details())
        verify_tensor(path, "input", self.manifest.input, self._input)
        for name, details in self._outputs.items():
            verify_tensor(path, name, self.manifest.outputs[name], details)
        scale, zero_point = self._outputs["scores"]["quantization"]
        self._least_score = math.ceil((threshold or self.manifest.threshold) / scale) + zero_point
        self._min_face_px = min_face_px

    @classmethod
    def load(
        cls,
        model: str | Path,
        threshold: float = 0.0,
        min_face_px: int = 32,
        runtime: Runtime = "auto",
    ) -> Self:
        """Read `model` and the manifest beside it; raises ModelError also where one is missing or another's."""
        path = Path(model)
        manifest, content = manifests.read_verified(path, DetectorManifest)
        return cls(content, manifest, threshold, min_face_px, runtime, path)

    @property
    def accelerated(self) -> bool:
        """Whether XNNPACK runs the network."""
        return accelerated(self._interpreter)

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = reduced(frame_gray, COPY_WIDTH_PX)
        self._run(_padded(small))
        rows, columns = np.nonzero(self._output("scores")[..., 0] >= self._least_score)
        if not len(rows):
            return []
        scores = self._values("scores", rows, columns)
        boxes = self._values("boxes", rows, columns)
        landmarks = self._values("landmarks", rows, columns)
        found = decode(rows, columns, boxes) / scale
        eyes = found[:, np.newaxis, :2] + found[:, np.newaxis, 2:] * (0.5 + landmarks[:, :4].reshape(-1, 2, 2))
        kept = cv2.dnn.NMSBoxes(found.tolist(), scores[:, 0].tolist(), 0.0, MAX_OVERLAP)
        places = np.column_stack([found, eyes.reshape(-1, 4)])
        faces = [_face(blended(places, scores[:, 0], index), float(scores[index, 0])) for index in np.ravel(kept)]
        return largest_first(distinct(faces), self._min_face_px)

    def _run(self, pixels: npt.NDArray[np.uint8]) -> None:
        shape = (1, *pixels.shape, 1)
        if shape != tuple(self._input["shape"]):
            self._interpreter.resize_tensor_input(self._input["index"], shape)
            self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]
        shifted = np.bitwise_xor(pixels, 128).view(np.int8)  # minus 128: the manifest vouches for scale and zero point
        self._interpreter.set_tensor(self._input["index"], shifted.reshape(shape))
        self._interpreter.invoke()

    def _output(self, name: str) -> npt.NDArray[np.int8]:
        """(H/8, W/8, channels)."""
        values: npt.NDArray[np.int8] = self._interpreter.get_tensor(self._outputs[name]["index"])[0]
        return values

    def _values(self, name: str, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Real values of some cells, (N, channels)."""
        return dequantize(self._output(name)[rows, columns], *self._outputs[name]["quantization"])


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


def decode(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], boxes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Turn the output `boxes`, (N, 4), of the cells at `rows` and `columns`, (N,), into boxes of the network's input.

    A cell gives the distance of the box's centre from its own, in cells, and log2(side / UNIT_PX) of both sides.
    Returns x, y, width, height, (N, 4), in pixels.
    """
    centre = (np.column_stack([columns, rows]) + 0.5 + boxes[:, :2]) * CELL_PX
    size = UNIT_PX * np.exp2(boxes[:, 2:])
    return np.column_stack([centre - size / 2, size])


def blended(places: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], best: int) -> npt.NDArray[np.float64]:
    """Average the boxes and eyes, (N, 8), of all cells that see the face which cell `best` sees best.

    Weighted by the scores; a face then trembles less from frame to frame: Bazarevsky et al. 2019, BlazeFace.
    """
    low = places[:, :2]
    high = places[:, :2] + places[:, 2:4]
    shared = np.clip(np.minimum(high, high[best]) - np.maximum(low, low[best]), 0, None).prod(axis=1)
    areas = places[:, 2:4].prod(axis=1)
    near = shared >= MAX_OVERLAP * (areas + areas[best] - shared)
    return np.asarray(np.average(places[near], axis=0, weights=scores[near]), np.float64)


def _face(place: npt.NDArray[np.float64], score: float) -> Face:
    """`place` (8,): the box's x, y, width, height, and x, y of the two eyes."""
    (left_x, left_y), (right_x, right_y) = sorted(place[4:].reshape(2, 2).tolist())
    return Face(as_box(place[:4]), score, ((left_x, left_y), (right_x, right_y)))


def _padded(small: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Continue the lower and right edge up to whole cells of the coarsest layer."""
    down = -small.shape[0] % SIDE_MULTIPLE
    right = -small.shape[1] % SIDE_MULTIPLE
    if not (down or right):
        return small
    return np.asarray(cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE), np.uint8)
