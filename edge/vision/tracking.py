"""Tell the faces of a video apart: the same person keeps the same number."""

import itertools
from collections.abc import Sequence

from edge.contract import Box
from edge.settings import TrackingSettings
from edge.vision.answer import LastAnswer
from edge.vision.detection import Face, lies_on_another
from edge.vision.smoothing import SteadyEmotion
from edge.vision.track import Track

MIN_OVERLAP = 0.2  # intersection over union from which two boxes may be one face
LATE_FRAMES = 1.5  # frames apart from which a face was not merely between two frames


class Tracker:
    """Keeps the tracks of a video, and gives numbers to those that count.

    A face that is gone for `forget_seconds` comes back as a new one. Where the frames themselves are further apart than
    that, a face of two frames in a row stays the same.
    """

    def __init__(self, settings: TrackingSettings) -> None:
        self.tracks: list[Track] = []
        """candidates, faces, and the gone that are remembered"""
        self._settings = settings
        self._ids = itertools.count(1)
        self._updated_s: float | None = None
        self._gap_s: float | None = None

    @property
    def is_unsettled(self) -> bool:
        """Whether another look must tell who is there."""
        return any(track.is_unsettled for track in self.tracks)

    def update(self, faces: Sequence[Face], time_s: float, one_look: bool = False) -> list[Track]:
        """Take in a look's `faces`; `time_s` must not run backwards. With `one_look`, each counts at once.

        Returns the track of each face, in their order; candidates among them have no number yet.
        """
        self._forget(time_s)
        matched = self._match([face.box_xywh for face in faces], time_s)
        detected = [self._detected(matched.get(number), face, time_s) for number, face in enumerate(faces)]
        for track in detected:
            if track.id == 0 and (one_look or track in matched.values()):
                track.id = next(self._ids)
        for track in self.tracks:
            if track not in detected:
                self._missed(track, faces)
        self.tracks = [track for track in self.tracks if track.id or not track.missed]
        return detected

    def _forget(self, time_s: float) -> None:
        gap_s = time_s - self._updated_s if self._updated_s is not None else 0.0
        usual_gap_s = gap_s if self._gap_s is None else self._gap_s
        unseen_s = max(self._settings.forget_seconds, LATE_FRAMES * usual_gap_s)
        self.tracks = [track for track in self.tracks if time_s - track.seen_s <= unseen_s]
        if gap_s > 0:  # a second look at the same frame says nothing of how far frames are apart
            self._gap_s = gap_s
        self._updated_s = time_s

    def _match(self, boxes: Sequence[Box], time_s: float) -> dict[int, Track]:
        """Pair tracks and boxes: faces that are there before those that are gone, candidates last."""
        pairs: list[tuple[int, float, int, Track]] = []
        for track in self.tracks:
            rank = 2 if track.id == 0 else int(track.is_gone)
            prediction = track.predict(time_s)
            for number, box in enumerate(boxes):
                share = overlap(prediction, box)
                if share >= MIN_OVERLAP:
                    pairs.append((rank, -share, number, track))
        matched: dict[int, Track] = {}
        for _, _, number, track in sorted(pairs, key=lambda pair: pair[:2]):
            if number not in matched and track not in matched.values():
                matched[number] = track
        return matched

    def _detected(self, track: Track | None, face: Face, time_s: float) -> Track:
        if track is None:
            # Who switched averaging off wants what the network says of each frame.
            is_averaged = self._settings.smoothing_seconds > 0
            track = Track(face, time_s, SteadyEmotion(self._settings), LastAnswer(is_averaged))
            self.tracks.append(track)
        track.move(face, time_s)
        track.missed = 0
        track.is_visible = True
        return track

    def _missed(self, track: Track, faces: Sequence[Face]) -> None:
        """Count a look without `track`; it leaves at the second, or where one of the `faces` is in its place."""
        track.missed += 1
        if track.is_gone or lies_on_another(track.face, faces):
            track.leave()


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)
