"""Run the int8 emotion model on face crops."""

import statistics
import time
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from edge.contract import INPUT_SIDE
from edge.vision import manifest as manifests
from edge.vision.manifest import Manifest
from edge.vision.runtime import (
    Runtime,
    accelerated,
    dequantize,
    open_interpreter,
    quantize,
    verify_tensor,
)


class Classifier:
    """One loaded model. Not for use from several threads at once.

    Raises ModelError where `content`, the bytes of a .tflite file, is damaged or not what `manifest` says, or where
    no runtime is installed; `path` is what the message calls it.
    """

    def __init__(
        self,
        content: bytes,
        manifest: Manifest,
        threads: int = 1,
        runtime: Runtime = "auto",
        path: Path = Path("the emotion model"),
    ) -> None:
        self.manifest = manifest
        self.runtime, interpreter = open_interpreter(path, content, threads, runtime)
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._output = interpreter.get_output_details()[0]
        verify_tensor(path, "input", self.manifest.input, self._input)
        verify_tensor(path, "output", self.manifest.output, self._output)
        self._of_level = quantize(np.arange(256), *self._input["quantization"])  # of each gray level
        self.labels = tuple(manifest.labels)

    @classmethod
    def load(cls, model: str | Path, threads: int = 1, runtime: Runtime = "auto") -> Self:
        """Read `model` and the manifest beside it; raises ModelError also where one is missing or another's."""
        path = Path(model)
        manifest, content = manifests.read_verified(path, Manifest)
        return cls(content, manifest, threads, runtime, path)

    def classify(self, crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probabilities, (N,) float32 in the order of `labels`, of `crop` (48, 48) uint8, gray."""
        pixels = crop.reshape(1, INPUT_SIDE, INPUT_SIDE, 1)
        self._interpreter.set_tensor(self._input["index"], self._of_level[pixels])
        self._interpreter.invoke()
        output = self._interpreter.get_tensor(self._output["index"])[0]
        probabilities = dequantize(output, *self._output["quantization"])
        return np.asarray(probabilities / probabilities.sum(), dtype=np.float32)

    @property
    def accelerated(self) -> bool:
        """Whether XNNPACK runs the network."""
        return accelerated(self._interpreter)

    def measure_milliseconds(self, runs: int = 10) -> float:
        """Median time of one face on this machine, milliseconds."""
        crop = np.zeros((INPUT_SIDE, INPUT_SIDE), np.uint8)
        times_s = []
        for _ in range(runs):
            start_s = time.perf_counter()
            self.classify(crop)
            times_s.append(time.perf_counter() - start_s)
        return statistics.median(times_s) * 1000
