"""One side of against_fer.py, in a process of its own: python -m tests.benchmarks.sides edge|fer FRAMES.npy
[SETTINGS.toml]

Prints JSON: milliseconds of each frame, of each classified face, faces found, resident memory. One core, one thread.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

WARM_UP = 10
Call = Callable[[np.ndarray], list]


def main() -> None:
    side, path, *settings = sys.argv[1:]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    frames = np.load(path)  # (N, 480, 640, 3) uint8, BGR
    analyze, classify, face = (edge if side == "edge" else fer)(*settings)
    found = [len(analyze["analyze_ms"](frame)) for frame in frames[:WARM_UP]]
    milliseconds = {name: [elapsed_ms(call, frame) for frame in frames] for name, call in analyze.items()}
    for _ in range(WARM_UP):
        classify(face)
    milliseconds["classify_ms"] = [elapsed_ms(classify, face) for _ in range(len(frames))]
    print(json.dumps(milliseconds | {"faces": found, "resident_mb": resident_mb()}))


def edge(*settings: str) -> tuple[dict[str, Call], Call, np.ndarray]:
    """Each frame on its own, as `fer` takes it; and as video, faces looked for twice a second and followed between."""
    from edge import Analyzer
    from edge.settings import DEFAULT_MODEL
    from edge.vision.classifier import Classifier

    analyzer = Analyzer(*settings)
    start = time.monotonic()
    face = np.full((48, 48), 128, np.uint8)
    analyze = {
        "analyze_ms": analyzer.analyze,
        "followed_ms": lambda frame: analyzer.analyze(frame, time.monotonic() - start),
    }
    return analyze, Classifier.load(DEFAULT_MODEL).classify, face


def fer() -> tuple[dict[str, Call], Call, np.ndarray]:
    from fer.fer import FER

    detector = FER()  # its default: Haar cascade, TFLite model
    return {"analyze_ms": detector.detect_emotions}, detector._classify_emotions, np.zeros((1, 64, 64), np.float32)


def elapsed_ms(call: Call, value: np.ndarray) -> float:
    start = time.perf_counter()
    call(value)
    return (time.perf_counter() - start) * 1000


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
