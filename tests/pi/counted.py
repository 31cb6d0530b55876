"""What the emulated Pi of `tests.pi.cost` runs, as its only process: a millisecond of its clock is a million
instructions.

Prints a line `COUNT name: millions` for each thing that it counts.
"""

import ctypes
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = Path("/em/models")
POWER_OFF = 0x4321FEDC  # reboot(2)
FRAMES, FRAMES_PER_SECOND = 60, 15
FRAME_WITH_ONE_FACE = 5  # of the demo


def prepare() -> None:
    """What an init does: the kernel's file systems and a console."""
    libc = ctypes.CDLL("libc.so.6")
    for kind, place in (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")):
        libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None)
    console = os.open("/dev/console", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(console, number)


def count(name: str, call: Callable[[], Any], times: int) -> None:
    """Count `call` after one that warms up."""
    call()
    started = time.monotonic()
    for _ in range(times):
        call()
    tell(name, (time.monotonic() - started) / times)


def tell(name: str, seconds: float) -> None:
    print(f"COUNT {name}: {seconds * 1000:.2f}", flush=True)


def count_networks() -> None:
    from ai_edge_litert.interpreter import Interpreter

    for model in sorted(MODELS.glob("*.tflite")):
        interpreter = Interpreter(str(model), num_threads=1)
        interpreter.allocate_tensors()
        count(f"network {model.stem}", interpreter.invoke, 5)


def count_frames() -> None:
    import cv2
    import numpy as np

    from edge import Analyzer

    cv2.setNumThreads(1)
    video = cv2.VideoCapture("/em/edge/demo/demo.mp4")
    frames = [cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY) for _ in range(FRAMES + 1)]
    noise = np.random.default_rng(0).integers(0, 255, frames[0].shape, dtype=np.uint8)
    empty = cv2.GaussianBlur(noise, (0, 0), 8)
    analyzer = Analyzer()
    count("a frame without a face, searched", lambda: analyzer.analyze(empty), 3)
    count("a frame with one face, on its own", lambda: analyzer.analyze(frames[FRAME_WITH_ONE_FACE]), 3)
    analyzer = Analyzer()
    analyzer.analyze(frames[0], time_s=0.0)
    started, faces = time.monotonic(), 0
    for number, frame in enumerate(frames[1:], 1):
        faces += len(analyzer.analyze(frame, time_s=number / FRAMES_PER_SECOND))
    tell(f"a frame of video, {faces} faces in {FRAMES}", (time.monotonic() - started) / FRAMES)


def measure() -> None:
    count_networks()
    if "networks" not in os.environ.get("COUNTED", ""):
        count_frames()


def run(program: Callable[[], None]) -> None:
    """Run `program` as a machine's only process, and switch the machine off."""
    try:
        prepare()
        program()
    except BaseException:  # nobody else would say it: the machine goes off
        traceback.print_exc()
    sys.stdout.flush()
    ctypes.CDLL("libc.so.6").reboot(POWER_OFF)


if __name__ == "__main__":
    run(measure)
