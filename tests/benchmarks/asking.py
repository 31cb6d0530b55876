"""How often faces are classified, and whether that shows: labels beside those of classifying every frame.

    .venv-edge/bin/python -m tests.benchmarks.asking CLIPS

CLIPS is a folder of videos, or one file. Each is shown at 10, 15 and 30 frames a second, as far as it has so many.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from edge.cameras.frame import Frame
from edge.settings import DEFAULT_MODEL, DetectorSettings, TrackingSettings
from edge.vision.classifier import Classifier
from edge.vision.detection import open_detector
from edge.vision.pipeline import Pipeline
from edge.vision.smoothing import SteadyEmotion
from tests.benchmarks.people import read

FRAMES_PER_SECOND = (10.0, 15.0, 30.0)


class CountingClassifier(Classifier):
    calls = 0

    def classify(self, crop):  # type: ignore[no-untyped-def]
        self.calls += 1
        return super().classify(crop)


@dataclass
class Shown:
    """What one pipeline says of the frames of a clip: for each face, the label of each frame."""

    labels: dict[int, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))

    def changes(self) -> list[tuple[int, str, float]]:
        """Face, new label and time of each change, the first label among them."""
        found = []
        for face, labels in self.labels.items():
            before = ""
            for time_s, label in labels:
                if label != before:
                    found.append((face, label, time_s))
                before = label
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    paths = sorted(args.clips.glob("*.mp4")) if args.clips.is_dir() else [args.clips]
    clips = {path.name: read(path) for path in paths}
    print("frames/s  clip                 faces  classified  other label  changes: each frame  ours  other  latest by")
    for frames_per_second in FRAMES_PER_SECOND:
        for name, frames in clips.items():
            print_row(name, thinned(frames, frames_per_second), frames_per_second)


def thinned(frames: list[Frame], frames_per_second: float) -> list[Frame]:
    """As many of them, by their times, as a camera of this speed would have given."""
    kept: list[Frame] = []
    for frame in frames:
        if not kept or frame.time_s >= kept[-1].time_s + 0.9 / frames_per_second:
            kept.append(frame)
    return kept


def print_row(name: str, frames: list[Frame], frames_per_second: float) -> None:
    ours, calls = shown(frames)
    truth = each_frame(frames)
    faces = sum(map(len, truth.labels.values()))
    pairs = [
        (mine[1], other[1])
        for face, labels in truth.labels.items()
        for mine, other in zip(ours.labels[face], labels, strict=True)
    ]
    differing = sum(mine != other for mine, other in pairs)
    expected = truth.changes()
    found = ours.changes()
    late = [lateness(change, found) for change in expected]
    met = [seconds for seconds in late if seconds is not None]
    print(
        f"{frames_per_second:8.0f}  {name:20} {faces:5} {calls / max(faces, 1):11.1%} {differing:12}"
        f" {len(expected):20} {len(found):5} {late.count(None):6} {1000 * max(met, default=0):7.0f} ms"
    )


def lateness(change: tuple[int, str, float], found: list[tuple[int, str, float]]) -> float | None:
    """By how much the same change of the same face comes later in `found`; None where it does not within a second."""
    face, label, time_s = change
    times = [other[2] - time_s for other in found if other[:2] == (face, label)]
    near = [seconds for seconds in times if abs(seconds) <= 1.0]
    return min(near, key=abs, default=None)


def shown(frames: list[Frame]) -> tuple[Shown, int]:
    """As the program runs it, and how often it asked the network."""
    classifier = CountingClassifier.load(DEFAULT_MODEL)
    pipeline = Pipeline(open_detector(DetectorSettings()), classifier, TrackingSettings())
    said = Shown()
    for frame in frames:
        for face in pipeline.analyze(frame.gray, frame.time_s):
            said.labels[face.track].append((frame.time_s, face.emotion))
    return said, classifier.calls


def each_frame(frames: list[Frame]) -> Shown:
    """Classified in each frame, and averaged afterwards as the program does."""
    settings = TrackingSettings()
    raw = TrackingSettings(smoothing_seconds=0.0)
    pipeline = Pipeline(open_detector(DetectorSettings()), Classifier.load(DEFAULT_MODEL), raw)
    emotions: dict[int, SteadyEmotion] = defaultdict(lambda: SteadyEmotion(settings))
    said = Shown()
    for frame in frames:
        for face in pipeline.analyze(frame.gray, frame.time_s):
            emotion = emotions[face.track]
            emotion.update(face.probabilities, frame.time_s)
            said.labels[face.track].append((frame.time_s, pipeline.classifier.manifest.labels[emotion.label]))
    return said


if __name__ == "__main__":
    main()
