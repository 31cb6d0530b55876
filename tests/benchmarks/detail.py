"""What the second look at photos finds, and what it only thinks it finds.

.venv-edge/bin/python -m tests.benchmarks.detail ../shared/data
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.media.files import read_image
from edge.contract import Box
from edge.settings import Settings
from edge.vision.detection import Face, FaceDetector, in_detail, open_detector
from edge.vision.tracking import overlap

FOUND = 0.4  # intersection over union with a true box
ENLARGED = 4  # face-free photos of 320 px become 1,280 px, of which the second look sees every part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with photos/ and detection/background/")
    data = parser.parse_args().data
    chosen = Settings().detector
    whole = open_detector(chosen)
    for name, detector in (("one look", whole), ("in detail", in_detail(whole, chosen.min_face_px))):
        for times in (1, ENLARGED):
            print(f"{name:10} photos x{times}: {_evaluate(detector, data / 'photos', times)}", flush=True)
        alarms = sum(len(detector.detect(picture)) for picture in _without_people(data / "detection" / "background"))
        print(f"{name:10} face-free photos x{ENLARGED}: {alarms} false alarms", flush=True)


def _evaluate(detector: FaceDetector, folder: Path, times: int) -> str:
    boxes = _boxes(folder / "boxes.csv", times)
    found = 0
    right = 0
    for photo, true_boxes in boxes.items():
        faces = detector.detect(_enlarged(read_image(folder / photo), times))
        found += len(faces)
        right += sum(_is_found(box, faces) for box in true_boxes)
    return f"{right} of {sum(map(len, boxes.values()))} faces found, {found - right} boxes elsewhere"


def _is_found(box: Box, faces: Sequence[Face]) -> bool:
    return any(overlap(box, face.box_xywh) >= FOUND for face in faces)


def _boxes(path: Path, times: int) -> dict[str, list[Box]]:
    boxes = defaultdict(list)
    with path.open() as rows:
        for row in csv.DictReader(rows):
            x, y, width, height = (float(row[key]) * times for key in ("x", "y", "w", "h"))
            boxes[row["file"]].append((x, y, width, height))
    return boxes


def _without_people(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted(folder.iterdir()):
        yield _enlarged(read_image(path), ENLARGED)


def _enlarged(picture: np.ndarray, times: int) -> np.ndarray:
    return cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)


if __name__ == "__main__":
    main()
