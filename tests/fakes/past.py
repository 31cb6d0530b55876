"""A log of some days, as a camera in a hall would write it: quiet nights, busy hours, a day off, a clock jump."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from edge.events import EventLog
from edge.results import FaceEmotion
from edge.settings import LogSettings
from tests.fakes.eventlog import Clock

SETTINGS = LogSettings(interval_seconds=5.0, commit_seconds=300.0)
WEIGHTS = {"happy": 42, "neutral": 30, "surprise": 9, "sad": 9, "fear": 4, "angry": 4, "disgust": 2}


def write_past(path: Path, now: datetime, days: float) -> None:
    """Log visits from `days` before `now` up to `now`, in two runs with two hours between them."""
    chance = random.Random(1)
    clock = Clock(now=now - timedelta(days=days))
    pause = now - timedelta(hours=min(5.0, days * 8))
    with EventLog(path, SETTINGS, clock) as events:
        events.start_run("picamera", "emotion 0.1.0 0123456789ab", clock.now)
        for face in _visits(chance, clock, pause, now):
            events.record([face], clock.steady_s, clock.now)
    clock.go_on(2 * 3600)
    with EventLog(path, SETTINGS, clock) as events:
        events.start_run("picamera", "emotion 0.1.0 0123456789ab", clock.now)
        for face in _visits(chance, clock, now, now):
            events.record([face], clock.steady_s, clock.now)


def _visits(chance: random.Random, clock: Clock, end: datetime, closing: datetime) -> Iterator[FaceEmotion]:
    track = 0
    while clock.now < end:
        track += 1
        clock.go_on(chance.expovariate(_busy(clock.now, closing) / 3600))
        for emotion in chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=chance.randint(1, 4)):
            for _ in range(chance.randint(1, 8)):
                if clock.now >= end:
                    return
                yield _face(chance, track, emotion)
                clock.go_on(SETTINGS.interval_seconds)


def _busy(now: datetime, closing: datetime) -> float:
    """Visits an hour: many in the eleven hours before the time of day at which the log ends."""
    hours_left = (closing - now).total_seconds() / 3600 % 24
    if hours_left > 11 or now.weekday() == 0:
        return 0.4
    return 40.0 if 3 < hours_left < 7 else 20.0


def _face(chance: random.Random, track: int, emotion: str) -> FaceEmotion:
    score = chance.uniform(0.35, 0.98)
    probabilities = np.full(len(LABELS), (1 - score) / 6, np.float32)
    probabilities[LABELS.index(emotion)] = score
    return FaceEmotion(track, (100.0, 80.0, 90.0, 110.0), 0.95, emotion, score, score > 0.5, probabilities)
