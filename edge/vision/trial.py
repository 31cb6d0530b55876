"""Try an unknown model in a child process first: a crafted file may abort the runtime, and the program with it.

python -m edge.vision.trial RUNTIME < model.tflite     exit 0, or 1 with the reason on standard output
"""

import hashlib
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.settings import PROJECT

SHIPPED = frozenset(
    {
        "6262790e57ea0c9152df3bc50a8fab85188b09c2c0f4011f4e29598fe8aab8bc",  # emotion_tiny_int8.tflite
        "b851167d5f59727e5cb0bd8d952945703555b90f4ae58003e3174fc92071479f",  # emotion_int8.tflite
        "9630a8b3fa9074d59173660128f6c4dda674aa6c9b7647cb53d1d7ab2affa81a",  # emotion_large_int8.tflite
        "c65641db49dfc7970cb2f7ddd56ce561b51a7a094c5e1159382a7dffbf9918ff",  # face_int8.tflite
    }
)
"""sha256 of the models that come along: no start waits for them"""
DETECTOR_SHAPES = ((1, 288, 384, 1), (1, 256, 448, 1), (1, 384, 288, 1))  # of 4:3, 16:9 and upright frames
TRIAL_SECONDS = 60.0  # a Pi Zero needs four
MEMORY_BYTES = 500_000_000  # ours take a tenth
PASSED_FILE = "tried-models"  # in systemd's state folder
PASSED_LINES = 50  # of that
DISTRIBUTIONS = {"litert": "ai-edge-litert", "tflite-runtime": "tflite-runtime"}

_passed: set[str] = set()
"""what was tried by this process"""


def try_once(path: Path, content: bytes, runtime: str) -> None:
    """Raise ModelError where `content`, read from `path`, cannot be run by `runtime`, or ends the process that does."""
    digest = hashlib.sha256(content).hexdigest()
    if digest in SHIPPED:
        return
    key = f"{digest} {runtime} {_version(runtime)}"
    if key in _passed or key in _remembered():
        return
    if reason := _reason(content, runtime):
        raise ModelError(
            f"{path}: not a model that {runtime} can run ({reason})", "copy it again, or quantize it again"
        )
    _passed.add(key)
    _remember(key)


def _reason(content: bytes, runtime: str) -> str:
    """Why a child process could not run it; empty where it could."""
    command = [sys.executable, "-m", "edge.vision.trial", runtime]
    python_path = os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"PYTHONPATH": python_path}
    try:
        done = subprocess.run(command, input=content, env=environment, capture_output=True, timeout=TRIAL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it needs more than {TRIAL_SECONDS:.0f} s for one run"
    if done.returncode < 0:
        return f"the runtime ended by {signal.Signals(-done.returncode).name}"
    said = done.stdout.decode(errors="replace").split("\n")[0]
    return said or f"its trial ended with status {done.returncode}" if done.returncode else ""


def _version(runtime: str) -> str:
    try:
        return metadata.version(DISTRIBUTIONS[runtime])
    except metadata.PackageNotFoundError:  # it was not installed by pip
        return "unknown"


def _passed_file() -> Path | None:
    folder = os.environ.get("STATE_DIRECTORY")
    return Path(folder, PASSED_FILE) if folder else None


def _remembered() -> set[str]:
    file = _passed_file()
    try:
        return set(file.read_text(encoding="ascii").splitlines()[-PASSED_LINES:]) if file else set()
    except (OSError, UnicodeDecodeError):
        return set()


def _remember(key: str) -> None:
    """A service that uses a model of its own waits for the trial at its first start only."""
    file = _passed_file()
    try:
        if file:
            file.write_text("\n".join([*_remembered(), key]) + "\n", encoding="ascii")
    except OSError:
        return  # it is tried again at the next start


def main(runtime: str) -> int:
    from edge.vision.runtime import load_interpreter

    content = sys.stdin.buffer.read()
    with suppress(OSError, ValueError):  # the service's sandbox may forbid it, and has a limit of its own
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        run(load_interpreter(content, 1, runtime))
    except Exception as error:
        print(" ".join(f"{type(error).__name__}: {error}".split())[:300])
        return 1
    return 0


def run(interpreter: Any) -> None:
    """Do all that the program does with an interpreter; a detector, whose outputs are maps, is resized."""
    [image] = interpreter.get_input_details()
    shapes = [tuple(image["shape"])]
    if any(len(output["shape"]) == 4 for output in interpreter.get_output_details()):
        shapes += DETECTOR_SHAPES
    for shape in shapes:
        if shape != tuple(interpreter.get_input_details()[0]["shape"]):
            interpreter.resize_tensor_input(image["index"], shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(image["index"], np.zeros(shape, image["dtype"]))
        interpreter.invoke()
        for output in interpreter.get_output_details():
            interpreter.get_tensor(output["index"])
    interpreter._get_ops_details()  # as `runtime.accelerated` asks for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
