"""When somebody is to be notified, by the rules of [notify]: an emotion, a first face, no camera, a full disk."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

from edge.errors import EdgeError
from edge.gateway.gateway import Gateway
from edge.gateway.health import disk
from edge.gateway.notify.postbox import Postbox
from edge.settings import NotifySettings

LOOK_SECONDS = 1.0  # between two looks
MEGABYTE = 1_000_000

logger = logging.getLogger(__name__)


class Rules:
    """Tells what is worth a notification now; `steady` gives seconds that nobody can set."""

    def __init__(self, settings: NotifySettings, steady: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._steady = steady
        self._told_s: dict[str, float] = {}
        """when each kind was told last"""
        self._seen_s = steady()
        """when the camera last gave a picture, or was paused"""
        self._day: date | None = None
        """of the last face"""

    def look(self, live: dict[str, Any] | None, free_mb: float, now: datetime) -> list[str]:
        """What is to be told, `now` being the device's time; what happens in quiet hours is not told later."""
        found = list(self._found(live, free_mb, now))
        if is_quiet(self._settings.quiet, now):
            return []
        told = []
        for kind, text in found:
            if self._steady() - self._told_s.get(kind, float("-inf")) >= self._settings.every_minutes * 60:
                self._told_s[kind] = self._steady()
                told.append(text)
        return told

    def _found(self, live: dict[str, Any] | None, free_mb: float, now: datetime) -> Iterator[tuple[str, str]]:
        """Kind and text."""
        state = live["camera"]["state"] if live else ""
        faces = live["faces"] if live and state == "watching" else []
        for emotion in self._emotions(faces):
            yield emotion, f"A face has looked {emotion} for {self._settings.emotion_seconds:g} seconds."
        if faces and now.date() != self._day:
            self._day = now.date()
            if self._settings.first_face:
                yield "first", "The first face of the day."
        if state in ("watching", "paused"):
            self._seen_s = self._steady()
        minutes = self._settings.camera_gone_minutes
        if minutes and self._steady() - self._seen_s >= minutes * 60:
            yield "camera", f"The camera has given no picture for {minutes:g} minutes."
        if free_mb < self._settings.disk_free_mb:
            yield "disk", f"The disk of the log has {free_mb:.0f} MB left."

    def _emotions(self, faces: list[dict[str, Any]]) -> Iterator[str]:
        shown = {
            face["emotion"] for face in faces if face["certain"] and face["since_s"] >= self._settings.emotion_seconds
        }
        yield from sorted(shown & set(self._settings.emotions))


class Notifications:
    """Looks and sends in a thread of its own, from `start` to `close`."""

    def __init__(self, gateway: Gateway) -> None:
        """Raises SettingsError where the addresses cannot be read."""
        self._gateway = gateway
        self._postbox = Postbox(Path(gateway.settings.notify.urls_file))
        self._rules = Rules(gateway.settings.notify)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._gateway.client.watching())
            while not self._closed.wait(LOOK_SECONDS):
                free_mb = disk(self._gateway.log)["free_bytes"] / MEGABYTE
                live = self._gateway.client.snapshot.live
                for text in self._rules.look(live, free_mb, datetime.now().astimezone()):
                    self._send(text)

    def _send(self, text: str) -> None:
        try:
            self._postbox.send(self._gateway.name, text)
        except EdgeError as error:
            logger.warning("%s", error)


def is_quiet(hours: str, now: datetime) -> bool:
    """Whether `now` lies in `hours`, as in 22:00-07:00; what begins later than it ends goes over midnight."""
    if not hours:
        return False
    start, _, end = hours.partition("-")
    clock = now.strftime("%H:%M")
    return start <= clock < end if start <= end else clock >= start or clock < end
