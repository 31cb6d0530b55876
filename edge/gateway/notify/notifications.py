"""Looks every second whether one of the rules tells of something, and sends it."""

import logging
import sqlite3
import threading
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

from edge.errors import EdgeError
from edge.events.reader import open_reader
from edge.gateway.gateway import Gateway
from edge.gateway.health import disk
from edge.gateway.notify.postbox import MissingLibraryError, Postbox
from edge.gateway.notify.rules import Rule, Watch
from edge.gateway.notify.told import NAME, Told
from edge.settings import state_folder

LOOK_SECONDS = 1.0  # between two looks
MEGABYTE = 1_000_000

logger = logging.getLogger(__name__)


class Notifications:
    """Looks and sends in a thread of its own, from `start` to `close`."""

    def __init__(self, gateway: Gateway) -> None:
        """Raises SettingsError where the addresses cannot be read."""
        self._gateway = gateway
        self._told = Told(state_folder() / NAME)
        now = datetime.now().astimezone()
        self._rules = []
        for rule in gateway.settings.notify:
            self._rules.append(Rule(rule, told_seconds_ago=self._told.seconds_ago(rule.title, now)))
        self._postboxes = {rule.urls_file: Postbox(Path(rule.urls_file)) for rule in gateway.settings.notify}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        watch = Watch(day_of_last_face(self._gateway.camera_log, datetime.now().astimezone()))
        with ExitStack() as stack:
            stack.enter_context(self._gateway.client.watching())
            while not self._closed.wait(LOOK_SECONDS):
                free_mb = disk(self._gateway.log)["free_bytes"] / MEGABYTE
                moment = watch.moment(
                    self._gateway.client.snapshot.live,
                    free_mb,
                    datetime.now().astimezone(),
                )
                for rule in self._rules:
                    if text := rule.look(moment):
                        self._told.note(rule.settings.title, moment.now)
                        self._send(rule, text)

    def _send(self, rule: Rule, text: str) -> None:
        try:
            self._postboxes[rule.settings.urls_file].send(self._gateway.name, text)
            logger.info("notified by the rule %s: %s", rule.settings.title, text)
        except EdgeError as error:
            logger.warning("rule %s: %s", rule.settings.title, error)


def notifications_of(gateway: Gateway) -> Notifications | None:
    """None where the settings have no rule, or their library is missing, which must not end the page.

    Raises SettingsError where the addresses cannot be read.
    """
    if not gateway.settings.notify:
        return None
    try:
        return Notifications(gateway)
    except MissingLibraryError as error:
        logger.error("nobody is notified: %s", error)
        return None


def day_of_last_face(log: Path, now: datetime) -> date | None:
    """Today, where the log has a face of today; else None: a start at noon makes nobody the first of the day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        with open_reader(log) as reader:
            seen_today = any(True for _ in reader.observations(midnight, None))
    except (EdgeError, sqlite3.Error):  # no log yet, or none to be read, of which the page tells
        return None
    return now.date() if seen_today else None
