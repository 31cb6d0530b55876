"""What the log writes down, before it is in the file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from edge.results import FaceEmotion

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Observation:
    """One face at one moment; the values are rounded as they are stored."""

    utc: str
    time_s: float
    track: int
    box_xywh: tuple[float, ...]
    detection_score: float
    emotion: str
    score: float
    certain: bool
    probabilities: Mapping[str, float]
    """by label"""


@dataclass(frozen=True, slots=True)
class Incident:
    """What somebody who reads the log must know; its place is behind the observations that came before it."""

    kind: Literal[
        "clock_jump", "clock_behind", "rows_lost", "file_set_aside", "file_replaced", "deletion_refused", "forgotten"
    ]
    utc: str
    details: str
    end_utc: str | None = None
    seconds: float = 0.0
    """what was added to the clock meanwhile"""
    rows_lost: int = 0


Entry = Observation | Incident


def observe(face: FaceEmotion, time_s: float, utc: str) -> Observation:
    shares = zip(face.labels, face.probabilities, strict=True)
    return Observation(
        utc,
        round(time_s, 3),
        face.track,
        tuple(round(value, 1) for value in face.box_xywh),
        round(face.detection_score, 4),
        face.emotion,
        round(face.score, 4),
        bool(face.certain),
        {label: round(float(share), 4) for label, share in shares},
    )


def hour_of(utc: str) -> int:
    """Hours from 1970 to the one in which `utc` lies."""
    return int(datetime.fromisoformat(utc).timestamp() // HOUR_SECONDS)


def is_finite(face: FaceEmotion) -> bool:
    """Whether every number is one: SQLite takes NaN for NULL, and refuses it."""
    return all(map(math.isfinite, [*face.box_xywh, face.detection_score, face.score, *face.probabilities]))


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, UTC, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
