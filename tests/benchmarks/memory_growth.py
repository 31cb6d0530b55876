"""Resident memory of the real loop over many frames: detection, following, classifier, log; no camera thread.

    .venv-edge/bin/python -m tests.benchmarks.memory_growth [--frames 100000] [--detector graynet|yunet|haar]
        [--yunet FILE.onnx]

The demo's frames over and over, flat out, at 10 frames a second of their own time: faces come, go and come back new.
"""

import argparse
import os
import tempfile
from pathlib import Path

import cv2

os.environ["JOURNAL_STREAM"] = "0:0"  # no line per emotion

from edge import settings
from edge.cameras import DEMO, Frame
from edge.cameras.frame import Closing
from edge.cameras.media.files import VideoFile
from edge.vision.pipeline import Pipeline
from tests.fakes.loop import frame_loop

FRAMES_PER_SECOND = 10.0
STEPS = 20


class LoopedDemo(Closing):
    """Every third frame of the demo, again and again; prints the memory at each twentieth of the way."""

    name = "looped demo"

    def __init__(self, count: int) -> None:
        with VideoFile(DEMO) as video:
            self._frames = [frame.gray for frame in iter(video.read, None)][::3]
        self._count = count
        self._index = 0

    def read(self) -> Frame | None:
        if self._index % (self._count // STEPS) == 0:
            print(f"{self._index:9} {resident_mb():12.1f}", flush=True)
        if self._index == self._count:
            return None
        gray = self._frames[self._index % len(self._frames)].copy()
        self._index += 1
        return Frame(gray, self._index, self._index / FRAMES_PER_SECOND)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--detector", choices=["graynet", "yunet", "haar"], default="graynet")
    parser.add_argument("--yunet", default=str(settings.DEFAULT_YUNET))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    chosen = settings.Settings(detector=settings.DetectorSettings(kind=args.detector, yunet_model=args.yunet))
    pipeline = Pipeline.from_settings(chosen)
    with tempfile.TemporaryDirectory() as folder, frame_loop(pipeline, Path(folder)) as (loop, logs):
        print(f"detector {pipeline.detector.name}\n   frames  resident MB")
        loop.process(LoopedDemo(args.frames))
        print(f"{logs.current.rows} rows, {pipeline.detections} detections")


def resident_mb() -> float:
    """Resident set size of this process (man proc_pid_statm), in MB of 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
