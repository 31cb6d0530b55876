"""Run the int8 emotion model on face crops, by LiteRT or, where that has no wheel, tflite-runtime."""

import importlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edge import manifest as manifests
from edge.contract import INPUT_SIDE, LABELS
from edge.errors import ModelError

RUNTIMES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}

Runtime = Literal["auto", "litert", "tflite-runtime"]


class Classifier:
    """One loaded model. Not for use from several threads at once.

    Raises ModelError where file and manifest are missing, damaged, or do not belong together, or where no
    runtime is installed.
    """

    def __init__(self, model: str | Path, threads: int = 1, runtime: Runtime = "auto") -> None:
        path = Path(model)
        try:
            content = path.read_bytes()  # what is verified is what runs, whatever becomes of the file
        except OSError as error:
            reason = f"{path}: no such model, or not readable ({error.strerror})"
            raise ModelError(f"{reason}; set classifier.model, or copy one there with its manifest") from error
        self.manifest = manifests.load(manifests.path_beside(path))
        manifests.verify(self.manifest, path, content)
        self.runtime, interpreter = _interpreter(path, content, threads, runtime)
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]
        self._output = interpreter.get_output_details()[0]
        _verify_tensor(path, "input", self.manifest.input, self._input)
        _verify_tensor(path, "output", self.manifest.output, self._output)

    def classify(self, crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probabilities, (7,) float32 in the order of `LABELS`, of `crop` (48, 48) uint8, gray."""
        pixels = crop.reshape(1, INPUT_SIDE, INPUT_SIDE, 1)
        self._interpreter.set_tensor(self._input["index"], quantize(pixels, *self._input["quantization"]))
        self._interpreter.invoke()
        scale, zero_point = self._output["quantization"]
        output = self._interpreter.get_tensor(self._output["index"])[0]
        probabilities = (output.astype(np.float32) - zero_point) * np.float32(scale)
        return np.asarray(probabilities / probabilities.sum(), dtype=np.float32)

    @property
    def accelerated(self) -> bool:
        """Whether XNNPACK runs the network; where it cannot read /proc/cpuinfo it switches itself off in silence."""
        # No public call tells; a delegate stands among the operators as a node of its own.
        return any(node["op_name"] == "DELEGATE" for node in self._interpreter._get_ops_details())


def quantize(values: npt.NDArray[Any], scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Real values to int8: round half to even, clip, cast (TensorFlow Lite 8-bit quantization specification)."""
    return np.asarray(np.clip(np.rint(values / scale) + zero_point, -128, 127), dtype=np.int8)


def _interpreter(path: Path, content: bytes, threads: int, runtime: Runtime) -> tuple[str, Any]:
    """Load `content`, read from `path`, with the runtime asked for, or the first that is installed."""
    wanted = RUNTIMES if runtime == "auto" else {runtime: RUNTIMES[runtime]}
    for name, module in wanted.items():
        try:
            make = importlib.import_module(module).Interpreter
        except ImportError:
            continue
        try:
            interpreter = make(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: not a model that {name} can run ({error}); copy it again") from error
        return name, interpreter
    raise ModelError(f"no TFLite runtime found, expected {' or '.join(wanted)}; pip install -r requirements-edge.txt")


def _verify_tensor(path: Path, name: str, expected: manifests.Tensor, details: dict[str, Any]) -> None:
    scale, zero_point = details["quantization"]
    found = (list(details["shape"]), np.dtype(details["dtype"]).name, zero_point)
    if found != (expected.shape, expected.dtype, expected.zero_point) or not np.isclose(scale, expected.scale):
        raise ModelError(
            f"{path}: {name} tensor is {found} with scale {scale:g}, its manifest says {expected}; quantize it again"
        )


def label_of(probabilities: npt.NDArray[np.float32]) -> tuple[str, float]:
    """The most probable emotion and its probability."""
    best = int(probabilities.argmax())
    return LABELS[best], float(probabilities[best])
