"""Tell the faces of a video apart: the same person keeps the same number."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from edge.contract import Box, Point
from edge.vision.detection import Face

MIN_OVERLAP = 0.2  # intersection over union from which two boxes may be one face
VELOCITY_SECONDS = 0.3  # over which a face's motion is averaged; boxes jitter
MAX_PREDICTION_SECONDS = 0.5  # nobody keeps direction for longer
LATE_FRAMES = 1.5  # frames apart from which a face was not merely between two frames


@dataclass(eq=False)
class Track:
    id: int
    face: Face
    """as last detected, moved to where it was last seen"""
    seen_s: float
    """when it was last seen, detected or followed"""
    overlooked_s: float | None = None
    """since when the detector has not found it, though it may have been followed"""
    velocity: Point = (0.0, 0.0)
    """of the box, pixels a second"""

    def predict(self, time_s: float) -> Box:
        """Where the box should be at `time_s`, at constant velocity."""
        elapsed_s = min(time_s - self.seen_s, MAX_PREDICTION_SECONDS)
        x, y, width, height = self.face.box_xywh
        return x + self.velocity[0] * elapsed_s, y + self.velocity[1] * elapsed_s, width, height

    def move(self, face: Face, time_s: float) -> None:
        """Note where `face` is now."""
        elapsed_s = time_s - self.seen_s
        if elapsed_s > 0:
            weight = elapsed_s / (elapsed_s + VELOCITY_SECONDS)
            (old_x, old_y), (x, y) = _centre(self.face.box_xywh), _centre(face.box_xywh)
            newest = (x - old_x) / elapsed_s, (y - old_y) / elapsed_s
            old = self.velocity
            self.velocity = old[0] + weight * (newest[0] - old[0]), old[1] + weight * (newest[1] - old[1])
        self.face, self.seen_s = face, time_s


class Tracker:
    """Ids count from 1. A face not seen, or overlooked by the detector, for `forget_seconds` comes back as a new one.

    Where the frames themselves are further apart than that, a face of two frames in a row stays the same.
    """

    def __init__(self, forget_seconds: float) -> None:
        self.tracks: list[Track] = []
        self._forget_seconds = forget_seconds
        self._ids = itertools.count(1)
        self._updated_s: float | None = None
        self._gap_s: float | None = None

    def update(self, faces: Sequence[Face], time_s: float) -> list[Track]:
        """Return the track of each of the detected `faces`, in their order; `time_s` must not run backwards."""
        self._forget(time_s)
        matched = self._match([face.box_xywh for face in faces], time_s)
        tracks = [matched.get(number) or self._new(face, time_s) for number, face in enumerate(faces)]
        for track, face in zip(tracks, faces, strict=True):
            track.move(face, time_s)
            track.overlooked_s = None
        for track in self.tracks:
            if track not in tracks and track.overlooked_s is None:
                track.overlooked_s = time_s
        return tracks

    def _forget(self, time_s: float) -> None:
        gap_s = time_s - self._updated_s if self._updated_s is not None else 0.0
        usual_gap_s = gap_s if self._gap_s is None else self._gap_s
        unseen_s = max(self._forget_seconds, LATE_FRAMES * usual_gap_s)
        self.tracks = [
            track
            for track in self.tracks
            if time_s - track.seen_s <= unseen_s
            and (track.overlooked_s is None or time_s - track.overlooked_s <= self._forget_seconds)
        ]
        if self._updated_s is not None:
            self._gap_s = gap_s
        self._updated_s = time_s

    def _match(self, boxes: Sequence[Box], time_s: float) -> dict[int, Track]:
        """Pair tracks and boxes, the greatest overlap first."""
        predictions = [(track, track.predict(time_s)) for track in self.tracks]
        pairs = [
            (overlap(prediction, box), number, track)
            for number, box in enumerate(boxes)
            for track, prediction in predictions
        ]
        matched: dict[int, Track] = {}
        taken: set[int] = set()
        for share, number, track in sorted(pairs, key=lambda pair: -pair[0]):
            if share >= MIN_OVERLAP and number not in matched and track.id not in taken:
                matched[number] = track
                taken.add(track.id)
        return matched

    def _new(self, face: Face, time_s: float) -> Track:
        track = Track(next(self._ids), face, time_s)
        self.tracks.append(track)
        return track


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


def _centre(box: Box) -> Point:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
