"""One face over time: where it is and moves to, what it is followed by, what it shows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.contract import Box, Point
from edge.vision.answer import LastAnswer, Look
from edge.vision.detection import Face, shifted
from edge.vision.smoothing import SteadyEmotion
from edge.vision.template import FaceTemplate

VELOCITY_SECONDS = 0.3  # over which a face's motion is averaged; boxes jitter
MAX_PREDICTION_SECONDS = 0.5  # nobody keeps direction for longer
LOOKS_TO_COUNT = 2  # detections in a row that make a face, and misses in a row after which it is gone


@dataclass(eq=False)
class Track:
    """One face over time: a candidate while `id` is 0, a face from then on, gone once it `is_gone`."""

    face: Face
    """as last detected, moved to where it was last seen"""
    seen_s: float
    """when it was last seen, detected or followed"""
    emotion: SteadyEmotion
    """what it shows, over time"""
    answer: LastAnswer
    """when the network was last asked what it shows"""
    id: int = 0
    """counts from 1 through the faces of a video"""
    missed: int = 0
    """looks in a row in which the detector did not find it"""
    is_visible: bool = False
    """whether it was found in the newest frame, detected or followed"""
    template: FaceTemplate | None = None
    """what it is followed by until the next look; None: it is not"""
    velocity: Point = (0.0, 0.0)
    """of the box, pixels a second"""

    @property
    def is_gone(self) -> bool:
        """Not there any more, but remembered: who comes back soon keeps the number."""
        return self.missed >= LOOKS_TO_COUNT

    @property
    def is_unsettled(self) -> bool:
        """Whether another look must tell if somebody is there."""
        return self.id == 0 or 0 < self.missed < LOOKS_TO_COUNT

    def predict(self, time_s: float) -> Box:
        """Where the box should be at `time_s`, at constant velocity."""
        elapsed_s = min(time_s - self.seen_s, MAX_PREDICTION_SECONDS)
        x, y, width, height = self.face.box_xywh
        return x + self.velocity[0] * elapsed_s, y + self.velocity[1] * elapsed_s, width, height

    def look(self) -> Look | None:
        """How it looks in the newest frame; None where it has no template."""
        return self.template.look() if self.template else None

    def follow(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> None:
        """Find the face in this frame by its template; it is followed no further where that fails."""
        box = self.template.find(frame_gray, self.predict(time_s)) if self.template else None
        self.is_visible = box is not None
        if box is None:
            self.template = None
            return
        x, y, *_ = self.face.box_xywh
        self.move(shifted(self.face, box[0] - x, box[1] - y), time_s)

    def move(self, face: Face, time_s: float) -> None:
        """Note where `face` is now."""
        elapsed_s = time_s - self.seen_s
        if elapsed_s > 0:
            weight = elapsed_s / (elapsed_s + VELOCITY_SECONDS)
            old_x, old_y = _centre(self.face.box_xywh)
            x, y = _centre(face.box_xywh)
            newest = (x - old_x) / elapsed_s, (y - old_y) / elapsed_s
            old = self.velocity
            self.velocity = (
                old[0] + weight * (newest[0] - old[0]),
                old[1] + weight * (newest[1] - old[1]),
            )
        self.face = face
        self.seen_s = time_s

    def leave(self) -> None:
        """Nobody is seen here any more."""
        self.missed = LOOKS_TO_COUNT
        self.is_visible = False
        self.template = None


def _centre(box: Box) -> Point:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
