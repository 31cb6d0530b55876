"""What a reader gets from the log. All times are true ones, repaired where the clock jumped: ISO 8601 text in UTC."""

from typing import NamedTuple


class RunRow(NamedTuple):
    """One stretch of the daemon's work with one source; the names are the table's."""

    id: int
    started_utc: str
    last_utc: str
    """it still ran then"""
    source: str
    model: str
    interval_seconds: float
    first_observation: int
    device: str


class EpisodeRow(NamedTuple):
    """A face showing one emotion, from its first observation to its last; the names are the table's."""

    id: int
    run: int
    track: int
    emotion: str
    start_utc: str
    end_utc: str
    start_s: float
    end_s: float
    observations: int
    mean_score: float
    peak_score: float
    certain_share: float
    first_observation: int
    last_observation: int


class IncidentRow(NamedTuple):
    """What somebody who reads the log must know; the names are the table's."""

    id: int
    run: int
    observation: int
    """id of the last observation before it"""
    kind: str
    utc: str
    end_utc: str | None
    seconds: float
    """added to the clock"""
    rows_lost: int
    details: str


class Gap(NamedTuple):
    """A time during which the daemon did not run."""

    start_utc: str
    end_utc: str
    seconds: float


class Count(NamedTuple):
    """Face time of one emotion in one small piece of time."""

    utc: str
    """where the piece begins"""
    emotion: str
    seconds: float
    certain_seconds: float


class SumRow(NamedTuple):
    """Face time of one emotion in one hour, day or month."""

    start: str
    """ISO 8601 with the offset of the zone asked for"""
    emotion: str
    seconds: float
    certain_seconds: float
    episodes: int
    """begun"""
    faces: int
    """that came, showing this emotion first"""


class WatchRow(NamedTuple):
    """How long the camera was watched in one hour, day or month."""

    start: str
    watched_seconds: float
    paused_seconds: float


class Latest(NamedTuple):
    """The newest that the log knows."""

    started_utc: str
    """when the newest run began"""
    last_utc: str
    """when the daemon was last heard of: a face, else noted every five minutes"""
    source: str
    model: str
    face_utc: str | None
    """when a face was last logged"""


class LengthRow(NamedTuple):
    """How long the episodes of one emotion lasted."""

    emotion: str
    episodes: int
    median_seconds: float
    longest_seconds: float
