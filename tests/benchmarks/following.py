"""What following faces between detections saves and costs, and how often labels change: the defaults of [tracking].

    .venv-edge/bin/python -m tests.benchmarks.following CLIPS [--detector graynet|yunet|haar] [--yunet FILE.onnx]

CLIPS is a folder of videos. Boxes are compared with the detector's own of the same frame. One thread.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np

from edge import settings
from edge.cameras.frame import Frame
from edge.cameras.media.files import VideoFile
from edge.contract import LABELS
from edge.results import FaceEmotion
from edge.settings import DEFAULT_MODEL, DEFAULT_YUNET, TrackingSettings
from edge.vision import detection
from edge.vision.classifier import Classifier
from edge.vision.detection import FaceDetector
from edge.vision.pipeline import Pipeline
from edge.vision.tracking import overlap

Analyzed = list[list[FaceEmotion]]  # of each frame
DETECT_SECONDS = (0.0, 0.2, 0.5, 1.0, 2.0)
STEADINESS = {
    "nothing": {"smoothing_seconds": 0.0, "label_margin": 0.0},
    "smoothing": {"label_margin": 0.0},
    "and margin 0.1": {"label_margin": 0.1},
    "and margin 0.2": {"label_margin": 0.2},
    "and margin 0.3": {"label_margin": 0.3},
    "and margin 0.3, 2 s": {"label_margin": 0.3, "label_seconds": 2.0},
}
SHORT_SECONDS = 1.0  # a label that lasts less reads as flicker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--yunet", type=Path, default=DEFAULT_YUNET)
    parser.add_argument("--detector", choices=["graynet", "yunet", "haar"], default="graynet")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = detection.open_detector(settings.DetectorSettings(kind=args.detector, yunet_model=str(args.yunet)))
    clips = [read(path) for path in sorted(args.clips.iterdir()) if path.suffix == ".mp4"]
    minutes = sum(clip[-1].time_s for clip in clips) / 60
    print(f"{detector.name}, {len(clips)} clips, {sum(map(len, clips))} frames, {minutes:.2f} minutes\n")
    print("detect_seconds  ms/frame  detections/frame  faces/frame  median IoU  IoU<0.5  faces' ids  same label")
    truth: Analyzed = []
    for seconds in DETECT_SECONDS:
        found, ms, detections, ids = analyze(clips, detector, TrackingSettings(detect_seconds=seconds))
        truth = truth or found
        count = sum(map(len, found)) / len(found)
        shares, same = compare(truth, found)
        print(
            f"{seconds:14}{ms:10.2f}{detections / len(found):18.3f}{count:13.3f}{np.median(shares):12.3f}"
            f"{np.mean(shares < 0.5):9.1%}{ids:12}{same:12.1%}"
        )
    print("\nsteadied by          label changes/minute  of them after less than 1 s  shown label is the averaged best")
    for name, changes in STEADINESS.items():
        lasted: list[float] = []
        best: list[bool] = []
        for clip in clips:
            found, *_ = analyze([clip], detector, msgspec.structs.replace(TrackingSettings(), **changes))
            lasted += label_durations(clip, found)
            best += [LABELS[int(face.probabilities.argmax())] == face.emotion for faces in found for face in faces]
        short = sum(seconds < SHORT_SECONDS for seconds in lasted)
        print(f"{name:20}{len(lasted) / minutes:21.1f}{short / minutes:29.1f}{np.mean(best):34.1%}")


def read(path: Path) -> list[Frame]:
    with VideoFile(path) as video:
        return list(iter(video.read, None))


def analyze(
    clips: list[list[Frame]], detector: FaceDetector, tracking: TrackingSettings
) -> tuple[Analyzed, float, int, int]:
    """Return the faces of every frame, milliseconds a frame, detections, and how many faces were told apart."""
    analyzer = Pipeline(detector, Classifier.load(DEFAULT_MODEL), tracking)
    found: Analyzed = []
    start = time.perf_counter()
    ids = 0
    for clip in clips:
        analyzer.restart()
        faces = [analyzer.analyze(frame.gray, frame.time_s) for frame in clip]
        ids += len({face.track for frame in faces for face in frame})
        found += faces
    return found, (time.perf_counter() - start) * 1000 / len(found), analyzer.detections, ids


def compare(truth: Analyzed, found: Analyzed) -> tuple[np.ndarray, float]:
    """IoU of each true face with its best match, and the share of matched faces with the same label."""
    pairs = [
        max(
            ((overlap(face.box_xywh, other.box_xywh), other.emotion == face.emotion) for other in others),
            default=(0, 0),
        )
        for faces, others in zip(truth, found, strict=True)
        for face in faces
    ]
    shares = np.array([share for share, _ in pairs])
    return shares, float(np.mean([same for share, same in pairs if share >= 0.5]))


def label_durations(clip: Sequence[Frame], found: Analyzed) -> list[float]:
    """Seconds for which each label was shown before it changed."""
    shown: dict[int, tuple[str, float]] = {}
    lasted = []
    for frame, faces in zip(clip, found, strict=True):
        for face in faces:
            emotion, since_s = shown.get(face.track, (face.emotion, frame.time_s))
            if emotion != face.emotion:
                lasted.append(frame.time_s - since_s)
                since_s = frame.time_s
            shown[face.track] = face.emotion, since_s
    return lasted


if __name__ == "__main__":
    main()
