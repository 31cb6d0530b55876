"""People who are not there: frames with two faces and numbers given out, in videos that show one person each.

    .venv-edge/bin/python -m tests.benchmarks.people CLIPS [PHOTOS] [--detector graynet|yunet|haar] [--yunet FILE.onnx]

CLIPS is a folder of videos with one face each, PHOTOS one of pictures, of which `boxes.csv` (file,x,y,w,h) may name
the faces. `late` is how long after the detector alone could see it a face is reported, where a person appears in an
empty room at 15 frames a second, at ten moments of each clip: median and greatest.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.frame import Frame
from edge.cameras.media.files import VideoFile, read_image
from edge.contract import Box
from edge.results import FaceEmotion
from edge.settings import DEFAULT_MODEL, DEFAULT_YUNET, DetectorSettings, TrackingSettings
from edge.vision.classifier import Classifier
from edge.vision.detection import open_detector
from edge.vision.pipeline import Pipeline
from edge.vision.tracking import overlap

DETECT_SECONDS = (0.5, 0.0)
SAME_FACE = 0.2  # intersection over union from which two boxes of a frame lie on one face
FOUND = 0.4  # intersection over union with a box of boxes.csv from which that face was found
FRAMES_PER_SECOND = 15.0
EMPTY_FRAMES = range(35, 45)  # before the person appears: three seconds and more, so that searches are at every phase
WATCHED_FRAMES = 30  # after that


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--detector", choices=["graynet", "yunet", "haar"], default="graynet")
    parser.add_argument("--yunet", type=Path, default=DEFAULT_YUNET)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    detector = open_detector(DetectorSettings(kind=args.detector, yunet_model=str(args.yunet)))
    clips = {path.name: read(path) for path in sorted(args.clips.iterdir()) if path.suffix == ".mp4"}
    for seconds in DETECT_SECONDS:
        pipeline = Pipeline(detector, Classifier.load(DEFAULT_MODEL), TrackingSettings(detect_seconds=seconds))
        print_clips(clips, pipeline, seconds)
        print_delay(clips, pipeline)
    if args.photos:
        pipeline = Pipeline(detector, Classifier.load(DEFAULT_MODEL), TrackingSettings())
        print_photos(args.photos, pipeline)


def read(path: Path) -> list[Frame]:
    with VideoFile(path) as video:
        return list(iter(video.read, None))


def print_clips(clips: dict[str, list[Frame]], pipeline: Pipeline, detect_seconds: float) -> None:
    print(f"\n{pipeline.detector.name}, detect_seconds = {detect_seconds}")
    print(f"{'clip':24} frames  with a face  two faces  one face twice  tracks  searches")
    totals = np.zeros(6, int)
    for name, frames in clips.items():
        searches = pipeline.detections
        shown = watch(pipeline, frames)
        counts = np.array([*people(shown), pipeline.detections - searches])
        print_row(name, counts)
        totals += counts
    print_row("together", totals)


def print_row(name: str, counts: np.ndarray) -> None:
    frames, with_face, two, twice, tracks, searches = counts.tolist()
    print(f"{name:24} {frames:6} {with_face:12} {two:10} {twice:15} {tracks:7} {searches:9}")


def watch(pipeline: Pipeline, frames: Sequence[Frame]) -> list[list[FaceEmotion]]:
    pipeline.restart()
    return [pipeline.analyze(frame.gray, frame.time_s) for frame in frames]


def people(shown: Sequence[Sequence[FaceEmotion]]) -> tuple[int, int, int, int, int]:
    """Frames, frames with a face, with two or more, with one face twice, and the numbers given out."""
    with_face = sum(bool(faces) for faces in shown)
    two = sum(len(faces) > 1 for faces in shown)
    twice = sum(has_one_twice([face.box_xywh for face in faces]) for faces in shown)
    tracks = {face.track for faces in shown for face in faces}
    return len(shown), with_face, two, twice, len(tracks)


def has_one_twice(boxes: Sequence[Box]) -> bool:
    return any(overlap(box, other) >= SAME_FACE for number, box in enumerate(boxes) for other in boxes[:number])


def print_delay(clips: dict[str, list[Frame]], pipeline: Pipeline) -> None:
    """From the first frame in which the detector alone sees a face to the first that is reported."""
    late: list[int] = []
    for frames in clips.values():
        pictures = [
            frame.gray for frame in frames[:: max(1, round(len(frames) / frames[-1].time_s / FRAMES_PER_SECOND))]
        ]
        for empty_frames in EMPTY_FRAMES:
            start = (len(pictures) - WATCHED_FRAMES) * (empty_frames - EMPTY_FRAMES[0]) // len(EMPTY_FRAMES)
            late.append(frames_late(pipeline, empty_frames, pictures[start : start + WATCHED_FRAMES]))
    frame_ms = 1000 / FRAMES_PER_SECOND
    middle = float(np.median(late))
    most = max(late)
    print(f"late: median {middle:.0f} frames, {middle * frame_ms:.0f} ms; greatest {most}, {most * frame_ms:.0f} ms")


def frames_late(pipeline: Pipeline, empty_frames: int, pictures: Sequence[np.ndarray]) -> int:
    """Show an empty room and then `pictures`; WATCHED_FRAMES where the face is never reported."""
    rooms = empty_room(pictures[0])
    pipeline.restart()
    for number in range(empty_frames):
        pipeline.analyze(rooms[number % len(rooms)], number / FRAMES_PER_SECOND)
    visible = None
    for number, picture in enumerate(pictures):
        if visible is None and pipeline.detector.detect(picture):
            visible = number
        if pipeline.analyze(picture, (empty_frames + number) / FRAMES_PER_SECOND):
            return number - (number if visible is None else visible)
    return 0 if visible is None else WATCHED_FRAMES


def empty_room(picture: np.ndarray) -> list[np.ndarray]:
    """Frames of nothing but soft shadows, in the light of `picture`, with a camera's noise."""
    rng = np.random.default_rng(0)
    small = cv2.resize(picture, (4, 3), interpolation=cv2.INTER_AREA).astype(float)
    shadows = cv2.resize(small, picture.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return [np.clip(shadows + rng.normal(0, 4, shadows.shape), 0, 255).astype(np.uint8) for _ in range(3)]


def print_photos(folder: Path, pipeline: Pipeline) -> None:
    """Faces found in the photos of `folder`, and of those named in its boxes.csv."""
    named = read_boxes(folder / "boxes.csv")
    count = 0
    found = 0
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            continue
        pipeline.restart()
        boxes = [face.box_xywh for face in pipeline.analyze(read_image(path))]
        count += len(boxes)
        found += sum(any(overlap(box, truth) >= FOUND for box in boxes) for truth in named[path.name])
    print(f"\n{count} faces in the photos; of {sum(map(len, named.values()))} named, {found} found")


def read_boxes(path: Path) -> dict[str, list[Box]]:
    named: dict[str, list[Box]] = defaultdict(list)
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                named[row["file"]].append((float(row["x"]), float(row["y"]), float(row["w"]), float(row["h"])))
    return named


if __name__ == "__main__":
    main()
