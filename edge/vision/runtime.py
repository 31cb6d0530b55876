"""Load an int8 TFLite file with LiteRT or, where that has no wheel, with tflite-runtime."""

import importlib
import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from edge.errors import ModelError
from edge.vision.chatter import without_chatter
from edge.vision.manifest import Tensor
from edge.vision.trial import try_once

RUNTIMES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}

NOT_INSTALLED = "is not installed"

logger = logging.getLogger(__name__)

Runtime = Literal["auto", "litert", "tflite-runtime"]


def quantize(values: npt.NDArray[Any], scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Real values to int8: round half to even, clip, cast (TensorFlow Lite 8-bit quantization specification)."""
    return np.asarray(np.clip(np.rint(values / scale) + zero_point, -128, 127), dtype=np.int8)


def dequantize(values: npt.NDArray[np.int8], scale: float, zero_point: int) -> npt.NDArray[np.float64]:
    return (values.astype(np.float64) - zero_point) * scale


def accelerated(interpreter: Any) -> bool:
    """Whether XNNPACK runs the network; where it cannot read /proc/cpuinfo it switches itself off in silence."""
    # No public call tells; a delegate stands among the operators as a node of its own.
    return any(node["op_name"] == "DELEGATE" for node in interpreter._get_ops_details())


def open_interpreter(path: Path, content: bytes, threads: int, runtime: Runtime) -> tuple[str, Any]:
    """Load `content`, read from `path`, with the runtime asked for, or the first that is installed.

    Returns the runtime's name and its interpreter; raises ModelError.
    """
    candidates = tuple(RUNTIMES) if runtime == "auto" else (runtime,)
    reasons = []
    for name in candidates:
        make, reason = _load(name)
        if make is None:
            reasons.append(f"{name} {reason}")
            continue
        _warn_of_damage(reasons, name)
        try_once(path, content, name)
        return name, _open(path, content, threads, name)
    raise ModelError(
        f"no TFLite runtime that works: {', '.join(reasons)}",
        "make the environment again, from requirements-edge.txt",
    )


def load_interpreter(content: bytes, threads: int, runtime: str) -> Any:
    """Raises whatever the runtime does."""
    make = importlib.import_module(RUNTIMES[runtime]).Interpreter
    with without_chatter():
        interpreter = make(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    return interpreter


def _open(path: Path, content: bytes, threads: int, runtime: str) -> Any:
    try:
        return load_interpreter(content, threads, runtime)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: not a model that {runtime} can run ({error})", "copy it again") from error
    except SystemError as error:  # tflite-runtime was built against numpy 1
        raise ModelError(
            f"{runtime} does not work with numpy {np.__version__} ({error})",
            "pip install -r requirements-edge.txt",
        ) from error


def why_not_loaded(name: str) -> str:
    """Why the runtime `name` is not used, in words that follow its name; empty where it can be loaded."""
    return _load(name)[1]


def _load(name: str) -> tuple[Any, str]:
    """The class Interpreter of the runtime `name`, else None and why it cannot be loaded."""
    module = RUNTIMES[name]
    try:
        return importlib.import_module(module).Interpreter, ""
    except Exception as error:  # a damaged library raises anything, at its import
        if isinstance(error, ModuleNotFoundError) and error.name in (
            module,
            module.partition(".")[0],
        ):
            return None, NOT_INSTALLED
        return None, f"cannot be loaded ({type(error).__name__}: {error})"


def _warn_of_damage(reasons: list[str], used: str) -> None:
    """A runtime that is there and does not load is no choice of the user's."""
    for reason in reasons:
        if not reason.endswith(NOT_INSTALLED):
            logger.warning("%s; %s is used", reason, used)


def verify_tensor(path: Path, name: str, expected: Tensor, details: dict[str, Any]) -> None:
    scale, zero_point = details["quantization"]
    found = (list(details["shape"]), np.dtype(details["dtype"]).name, zero_point)
    if found != (expected.shape, expected.dtype, expected.zero_point) or not np.isclose(scale, expected.scale):
        raise ModelError(
            f"{path}: {name} tensor is {found} with scale {scale:g}, its manifest says {expected}",
            "quantize it again",
        )
