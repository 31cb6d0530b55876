"""Make the live socket's messages from what the loop sees: at most one a frame, none while nobody listens."""

import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from math import floor
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from edge import __version__
from edge.cameras import Frame
from edge.daemon.counters import Counters
from edge.daemon.live import LiveServer, Picture
from edge.results import FaceEmotion
from edge.settings import DetectorSettings
from edge.vision.pipeline import Pipeline

PROTOCOL = 1
MESSAGE_SECONDS = 0.1  # between two messages in which nothing new has happened
COUNTS_SECONDS = 1.0  # between two looks at what is counted: sixty numbers
RATE_FRAMES = 30  # frames over which the rate is averaged

State = Literal["starting", "watching", "waiting", "paused", "ended"]


def hello(pipeline: Pipeline, model: str, pid: int) -> dict[str, Any]:
    """The first line that a viewer gets."""
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "version": __version__,
        "model": model,
        "detector": pipeline.detector.name,
        "labels": list(pipeline.classifier.labels),
        "pid": pid,
    }


class LiveView:
    """Keeps what is true now, and publishes it when it is time to."""

    def __init__(self, server: LiveServer, settings: DetectorSettings, counters: Counters = dict) -> None:
        self._server = server
        self._counters = counters
        self._settings = settings
        self._state: State = "starting"
        self._text = "starting"
        self._name = ""
        self._faces: Sequence[FaceEmotion] = ()
        self._since_s: dict[tuple[int, str], float] = {}
        """when each face began to show its emotion, by track and emotion, on the frames' clock"""
        self._time_s = 0.0
        self._sequence = 0
        self._dropped = 0
        self._size_px = (0, 0)
        self._arrivals: deque[float] = deque(maxlen=RATE_FRAMES)
        self._shown: object = None
        self._due_s = 0.0
        self._counts: dict[str, msgspec.Raw] = {}
        self._counts_due_s = 0.0

    def keep_up(self) -> None:
        """Tell whoever has just come; to be called while no frames come."""
        self._publish_news()

    def report(self, state: State, text: str, name: str = "") -> None:
        """Note what the camera does, and tell it at once where it is new."""
        if (state, text) != (self._state, self._text):
            self._state = state
            self._text = text
            self._name = name or self._name
            if state != "watching":
                self._faces = ()
                self._arrivals.clear()
        self._publish_news()

    def show(self, frame: Frame, faces: Sequence[FaceEmotion], monotonic_s: float, dropped: int) -> None:
        """Note a handled frame with its faces; `dropped` frames were left out so far."""
        self._arrivals.append(monotonic_s)
        self._sequence += 1
        self._since_s = {
            (face.track, face.emotion): self._since_s.get((face.track, face.emotion), frame.time_s) for face in faces
        }
        if not self._server.viewers:
            return
        self._faces = faces
        self._time_s = frame.time_s
        self._dropped = dropped
        self._size_px = (frame.gray.shape[1], frame.gray.shape[0])
        if self._server.frame_asked:
            self._due_s = monotonic_s + MESSAGE_SECONDS
            self._publish(frame, monotonic_s)
        elif monotonic_s >= self._due_s:
            self._due_s = max(self._due_s + MESSAGE_SECONDS, monotonic_s)
            self._publish()
        else:
            self._publish_news()

    def close(self) -> None:
        """Say that this is the end."""
        self.report("ended", "ended")
        self._server.close()

    def _publish_news(self) -> None:
        if self._server.viewers and (self._server.wants_state or self._what_matters() != self._shown):
            self._publish()

    def _what_matters(self) -> object:
        return (
            self._state,
            self._text,
            [(face.track, face.emotion, face.certain) for face in self._faces],
        )

    def _publish(self, frame: Frame | None = None, monotonic_s: float = 0.0) -> None:
        """Tell how it is now; `frame` is shown to those who asked for one."""
        self._shown = self._what_matters()
        utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = {
            "type": "live",
            "utc": utc,
            "time_s": _rounded(self._time_s, 1000),
            "sequence": self._sequence,
            "frames_per_second": self._rate(),
            "dropped": self._dropped,
            "frame_px": self._size_px,
            "camera": {"state": self._state, "text": self._text, "name": self._name},
            "paused": self._state == "paused",
            "faces": [self._face(face) for face in self._faces],
            "region": self._settings.region,
            "min_face_px": self._settings.min_face_px,
            **self._counted(),
        }
        self._server.publish(message, self._picture(frame, utc, monotonic_s) if frame else None)

    def _counted(self) -> dict[str, msgspec.Raw]:
        """The counters as JSON, at most a second old."""
        now_s = time.monotonic()
        if now_s >= self._counts_due_s:
            self._counts_due_s = now_s + COUNTS_SECONDS
            self._counts = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in self._counters().items()}
        return self._counts

    def _face(self, face: FaceEmotion) -> dict[str, Any]:
        probabilities = [_rounded(probability, 10_000) for probability in face.probabilities.tolist()]
        since_s = self._since_s.get((face.track, face.emotion), self._time_s)
        return {
            "track": face.track,
            "box_xywh": [_rounded(side, 10) for side in face.box_xywh],
            "detection_score": _rounded(face.detection_score, 10_000),
            "emotion": face.emotion,
            "score": _rounded(face.score, 10_000),
            "certain": bool(face.certain),
            "probabilities": dict(zip(face.labels, probabilities, strict=True)),
            "since_s": _rounded(self._time_s - since_s, 10),
        }

    def _picture(self, frame: Frame, utc: str, monotonic_s: float) -> Picture:
        """The frame's own memory: it is sent from there."""
        pixels = only_region(frame.gray if frame.bgr is None else frame.bgr, self._settings.region)
        head = {
            "type": "frame",
            "utc": utc,
            "monotonic_s": monotonic_s,
            "sequence": self._sequence,
            "width": pixels.shape[1],
            "height": pixels.shape[0],
            "channels": pixels.shape[2] if pixels.ndim == 3 else 1,
            "bytes": pixels.size,
        }
        return head, np.ascontiguousarray(pixels).data.cast("B")

    def _rate(self) -> float:
        if len(self._arrivals) < 2:
            return 0.0
        return round((len(self._arrivals) - 1) / max(self._arrivals[-1] - self._arrivals[0], 1e-3), 1)


def only_region(pixels: npt.NDArray[np.uint8], region: tuple[float, float, float, float]) -> npt.NDArray[np.uint8]:
    """`pixels`, (H, W) or (H, W, 3) uint8, with zeros wherever no faces are looked for."""
    height, width = pixels.shape[:2]
    left = round(region[0] * width)
    right = round((region[0] + region[2]) * width)
    top = round(region[1] * height)
    bottom = round((region[1] + region[3]) * height)
    if (left, top, right, bottom) == (0, 0, width, height):
        return pixels
    seen = np.zeros_like(pixels)
    seen[top:bottom, left:right] = pixels[top:bottom, left:right]
    return seen


def _rounded(value: float, steps: int) -> float:
    """`value` in so many steps of one; `round` with digits takes five times as long, fifteen times a face."""
    return floor(float(value) * steps + 0.5) / steps
