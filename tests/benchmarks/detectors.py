"""Recall, false alarms and time of the face detectors, and time of the whole analysis, on this machine.

    .venv-edge/bin/python tests/benchmarks/detectors.py PHOTOS BACKGROUND [--yunet FILE.onnx]

PHOTOS holds pictures and boxes.csv (file,x,y,w,h); BACKGROUND pictures without a face. One thread.
"""

import argparse
import csv
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.analyzer import Analyzer
from edge.cameras import DEMO
from edge.cameras.files import VideoFile, read_image
from edge.classifier import Classifier
from edge.contract import Box
from edge.detection import FaceDetector, Haar, YuNet
from edge.settings import DEFAULT_MODEL, DEFAULT_YUNET, Tracking
from edge.tracking import overlap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("background", type=Path)
    parser.add_argument("--yunet", type=Path, default=DEFAULT_YUNET)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    truth = read_boxes(args.photos / "boxes.csv")
    detectors: list[FaceDetector] = [Haar()]
    if args.yunet.is_file():
        detectors.append(YuNet(args.yunet))
    print("detector  recall IoU 0.3  recall IoU 0.5  false alarms/photo  ms a 640x480 frame  analysis ms a frame")
    for detector in detectors:
        found = {name: [face.box_xywh for face in detector.detect(read_image(args.photos / name))] for name in truth}
        loose, strict = (recall(truth, found, share) for share in (0.3, 0.5))
        background = sorted(args.background.glob("*.jpg"))
        alarms = sum(len(detector.detect(read_image(path))) for path in background) / len(background)
        detect_ms, analyze_ms = times(detector)
        print(f"{detector.name:8}{loose:16.1%}{strict:16.1%}{alarms:20.4f}{detect_ms:20.2f}{analyze_ms:21.2f}")


def read_boxes(path: Path) -> dict[str, list[Box]]:
    boxes = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            boxes[row["file"]].append((float(row["x"]), float(row["y"]), float(row["w"]), float(row["h"])))
    return boxes


def recall(truth: dict[str, list[Box]], found: dict[str, list[Box]], share: float) -> float:
    hits = [
        any(overlap(box, other) >= share for other in found[name]) for name, boxes in truth.items() for box in boxes
    ]
    return sum(hits) / len(hits)


def times(detector: FaceDetector) -> tuple[float, float]:
    """Median milliseconds of detection, and of all that is done with a frame, over the demo."""
    analyzer = Analyzer(detector, Classifier(DEFAULT_MODEL), Tracking(detect_seconds=0.0))
    detecting, analyzing = [], []
    with VideoFile(DEMO) as video:
        while frame := video.read():
            start = time.perf_counter()
            detector.detect(frame.gray)
            middle = time.perf_counter()
            analyzer.analyze(frame.gray, frame.time_s)
            detecting.append(middle - start)
            analyzing.append(time.perf_counter() - middle)
    return statistics.median(detecting) * 1000, statistics.median(analyzing) * 1000


if __name__ == "__main__":
    main()
