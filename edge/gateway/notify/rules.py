"""When somebody is to be notified: an emotion, a first face, no camera, a full disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from edge.gateway.notify.told import NEVER
from edge.settings import NotifySettings

Steady = Callable[[], float]
"""seconds that nobody can set"""


@dataclass(frozen=True)
class Moment:
    """What is so now."""

    now: datetime
    """the device's time"""
    faces: list[dict[str, Any]]
    first_today: bool
    """no face was there before on this day"""
    gone_seconds: float
    """since the camera gave a picture, or was paused"""
    free_mb: float
    """on the log's disk"""


class Watch:
    """Makes moments of what the daemon tells; `day` is that of the last face before, as the log knows it."""

    def __init__(self, day: date | None = None, steady: Steady = time.monotonic) -> None:
        self._steady = steady
        self._seen_s = steady()
        """when the camera last gave a picture, or was paused"""
        self._day = day

    def moment(self, live: dict[str, Any] | None, free_mb: float, now: datetime) -> Moment:
        state = live["camera"]["state"] if live else ""
        faces = live["faces"] if live and state == "watching" else []
        first_today = bool(faces) and now.date() != self._day
        if faces:
            self._day = now.date()
        if state in ("watching", "paused"):
            self._seen_s = self._steady()
        return Moment(now, faces, first_today, self._steady() - self._seen_s, free_mb)


class Rule:
    """One rule of the settings, which told last `told_seconds_ago`."""

    def __init__(
        self, settings: NotifySettings, steady: Steady = time.monotonic, told_seconds_ago: float = NEVER
    ) -> None:
        self.settings = settings
        self._steady = steady
        self._told_s = steady() - told_seconds_ago

    def look(self, moment: Moment) -> str:
        """What is to be told now; empty: nothing. What happens in quiet hours is not told later, unless it lasts."""
        text = self._found(moment)
        waited_s = self._steady() - self._told_s
        if not text or is_quiet(self.settings.quiet, moment.now) or waited_s < self.settings.every_minutes * 60:
            return ""
        self._told_s = self._steady()
        return text

    def _found(self, moment: Moment) -> str:
        rule = self.settings
        if rule.when == "emotion":
            lasting = {face["emotion"] for face in moment.faces if face["certain"] and face["since_s"] >= rule.seconds}
            shown = sorted(lasting & set(rule.emotions))
            return f"For {rule.seconds:g} seconds a face has shown: {', '.join(shown)}." if shown else ""
        if rule.when == "first_face":
            return "The first face of the day." if moment.first_today else ""
        if rule.when == "camera_gone":
            gone = moment.gone_seconds >= rule.seconds
            return f"The camera has given no picture for {_words(rule.seconds)}." if gone else ""
        full = moment.free_mb < rule.least_free_mb
        return f"The disk of the log has {moment.free_mb:.0f} MB left." if full else ""


def is_quiet(hours: str, now: datetime) -> bool:
    """Whether `now` lies in `hours`, as in 22:00-07:00; what begins later than it ends goes over midnight."""
    if not hours:
        return False
    start, _, end = hours.partition("-")
    clock = now.strftime("%H:%M")
    return start <= clock < end if start <= end else clock >= start or clock < end


def _words(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"
