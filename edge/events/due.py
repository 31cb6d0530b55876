"""Keep track of when each face's next row is due."""

from collections.abc import Iterable, Iterator

from edge.results import FaceEmotion


class FaceSchedule:
    """Which faces are due for a row: each one once in `interval_seconds`."""

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._due_s: dict[int, float] = {}

    def restart(self) -> None:
        self._due_s = {}

    def due(self, faces: Iterable[FaceEmotion], time_s: float) -> Iterator[FaceEmotion]:
        """The faces in sight at `time_s` whose row is due; a face that was away for longer begins anew."""
        known = {}
        for track, due_s in self._due_s.items():
            if -self._interval_seconds <= time_s - due_s <= self._interval_seconds / 2:
                known[track] = due_s
        self._due_s = known
        for face in faces:
            due_s = known.get(face.track, time_s)
            if time_s >= due_s:
                known[face.track] = due_s + self._interval_seconds  # from `time_s`, each row would be late by a frame
                yield face
