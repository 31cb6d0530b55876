"""CPU share of the real loop while nothing happens, and while one face is there: 10 frames/s, 640x480, one process.

    .venv-edge/bin/python -m tests.benchmarks.idle [--seconds 60] [--yunet FILE.onnx]

A synthetic camera, paced in a thread like any live one, gives an empty room with sensor noise, then a demo's portrait.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

os.environ["JOURNAL_STREAM"] = "0:0"  # no line per emotion

from edge import settings
from edge.cameras import DEMO, Frame
from edge.cameras.frame import Closing
from edge.cameras.live import LiveCamera
from edge.cameras.media.files import VideoFile
from edge.vision.pipeline import Pipeline
from tests.fakes.loop import frame_loop

FRAMES_PER_SECOND = 10.0
NOISE_LEVELS = 4.0  # standard deviation of a pixel


class SyntheticCamera(Closing):
    """Gives noisy copies of `picture` at 10 frames/s for `seconds`; the noise is made beforehand."""

    name = "synthetic"

    def __init__(self, picture: npt.NDArray[np.uint8], seconds: float) -> None:
        rng = np.random.default_rng(0)
        noise = rng.normal(0, NOISE_LEVELS, (16, *picture.shape))
        self._frames = np.clip(picture + noise, 0, 255).astype(np.uint8)
        self._count = round(seconds * FRAMES_PER_SECOND)
        self._index = 0
        self._started_s = time.monotonic()

    def read(self) -> Frame | None:
        if self._index == self._count:
            return None
        self._index += 1
        time.sleep(max(0.0, self._started_s + self._index / FRAMES_PER_SECOND - time.monotonic()))
        return Frame(self._frames[self._index % len(self._frames)].copy(), self._index, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--yunet", default=str(settings.DEFAULT_YUNET))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with VideoFile(DEMO) as video:
        portrait = next(iter(video.read, None)).gray
    room = cv2.GaussianBlur(np.roll(portrait, 300, axis=1)[:, ::-1], (0, 0), 40)
    kinds = ["graynet", "haar", *(["yunet"] if Path(args.yunet).is_file() else [])]
    print("detector  picture     CPU share of one core  detections/s  rows")
    for kind in kinds:
        chosen = settings.Settings(detector=settings.DetectorSettings(kind=kind, yunet_model=args.yunet))
        pipeline = Pipeline.from_settings(chosen)
        for name, picture in (("empty room", np.asarray(room)), ("one face", portrait)):
            share, detections, rows = measure(pipeline, SyntheticCamera(picture, args.seconds), args.seconds)
            print(f"{kind:10}{name:12}{share:21.1%}{detections / args.seconds:14.2f}{rows:6}")


def measure(pipeline: Pipeline, device: SyntheticCamera, seconds: float) -> tuple[float, int, int]:
    """Run the daemon's loop on `device`; returns CPU time by wall time, detections and rows."""
    with tempfile.TemporaryDirectory() as folder, frame_loop(pipeline, Path(folder)) as (loop, logs):
        before = pipeline.detections
        cpu_s = time.process_time()
        with LiveCamera(lambda: device, 0.0, 10.0) as camera:
            loop.process(camera)
        return (time.process_time() - cpu_s) / seconds, pipeline.detections - before, logs.current.rows


if __name__ == "__main__":
    main()
