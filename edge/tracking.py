"""Tell the faces of a video apart: the same person keeps the same number, and probabilities settle over time."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.contract import Box

MIN_OVERLAP = 0.2  # intersection over union from which two boxes may be one face


@dataclass(frozen=True)
class Sighting:
    """One face in one frame; `probabilities` (7,) float32."""

    box_xywh: Box
    probabilities: npt.NDArray[np.float32]


@dataclass
class Track:
    id: int
    box_xywh: Box
    probabilities: npt.NDArray[np.float32]
    """averaged over about `smoothing_seconds`"""
    seen_s: float


class Tracker:
    """Ids count from 1. A face missing for `forget_seconds` comes back as a new one."""

    def __init__(self, smoothing_seconds: float, forget_seconds: float) -> None:
        self._smoothing_seconds, self._forget_seconds = smoothing_seconds, forget_seconds
        self._tracks: list[Track] = []
        self._ids = itertools.count(1)

    def update(self, sightings: Sequence[Sighting], time_s: float) -> list[Track]:
        """Return the track of each of `sightings`, in their order, at `time_s`, which must not run backwards."""
        self._tracks = [track for track in self._tracks if time_s - track.seen_s <= self._forget_seconds]
        matched = self._match(sightings)
        tracks = [matched.get(number) or self._new(sighting) for number, sighting in enumerate(sightings)]
        for track, sighting in zip(tracks, sightings, strict=True):
            weight = self._weight_of_new(time_s - track.seen_s)
            track.probabilities = track.probabilities + np.float32(weight) * (
                sighting.probabilities - track.probabilities
            )
            track.box_xywh, track.seen_s = sighting.box_xywh, time_s
        return tracks

    def _match(self, sightings: Sequence[Sighting]) -> dict[int, Track]:
        """Pair tracks and sightings, the greatest overlap first."""
        pairs = [
            (overlap(track.box_xywh, sighting.box_xywh), number, track)
            for number, sighting in enumerate(sightings)
            for track in self._tracks
        ]
        matched: dict[int, Track] = {}
        taken: set[int] = set()
        for share, number, track in sorted(pairs, key=lambda pair: -pair[0]):
            if share >= MIN_OVERLAP and number not in matched and track.id not in taken:
                matched[number] = track
                taken.add(track.id)
        return matched

    def _new(self, sighting: Sighting) -> Track:
        track = Track(next(self._ids), sighting.box_xywh, sighting.probabilities, -math.inf)
        self._tracks.append(track)
        return track

    def _weight_of_new(self, elapsed_s: float) -> float:
        """First-order low-pass filter: the share that the newest value has after `elapsed_s`."""
        return 1 - math.exp(-elapsed_s / self._smoothing_seconds) if self._smoothing_seconds else 1.0


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)
