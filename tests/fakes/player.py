"""The shipped demo, seen by the real pipeline, for a fake daemon to play."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from edge.cameras.media.files import VideoFile
from edge.cameras.sources import DEMO
from edge.contract import LABELS
from edge.results import FaceEmotion
from edge.settings import Settings
from edge.vision.pipeline import Pipeline
from tests.fakes import live


@dataclass(frozen=True)
class Scene:
    """One frame and what was seen in it."""

    width: int
    height: int
    data: bytes
    """rows of BGR"""
    faces: list[dict[str, Any]]


def scenes(count: int = 60, every: int = 2, least_faces: int = 0) -> list[Scene]:
    pipeline = Pipeline.from_settings(Settings())
    found: list[Scene] = []
    with VideoFile(DEMO, colour=True) as video:
        for number, frame in enumerate(iter(video.read, None)):
            faces = pipeline.analyze(frame.gray, frame.time_s)
            if number % every == 0 and frame.bgr is not None and len(faces) >= least_faces:
                height, width = frame.gray.shape
                found.append(Scene(width, height, frame.bgr.tobytes(), [as_message(face) for face in faces]))
            if len(found) == count:
                break
    return found


def as_message(face: FaceEmotion) -> dict[str, Any]:
    probabilities = {label: round(float(share), 4) for label, share in zip(LABELS, face.probabilities, strict=True)}
    box = [round(value, 1) for value in face.box_xywh]
    return live.face(face.track, face.emotion, round(face.score, 4), bool(face.certain)) | {
        "box_xywh": box,
        "probabilities": probabilities,
        "since_s": 14.0,
    }


def play(daemon: live.FakeDaemon, scene: Scene, sequence: int, changes: Callable[[], dict[str, Any]] = dict) -> None:
    """Let `daemon` show `scene` and say what is in it."""
    if daemon.paused:
        return
    daemon.picture = (scene.width, scene.height, 3, scene.data)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    message = live.live(sequence, scene.faces, utc=now, frame_px=[scene.width, scene.height])
    daemon.say(message | changes())
