"""Publishes what is true now: the state, whether the camera is paused, the device's figures, and that it is there.

A state goes out the moment the daemon tells a change, and at most once a second; unchanged every minute.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Any

from edge.contract import LABELS
from edge.gateway.live import LiveClient, Snapshot
from edge.gateway.mqtt.episodes import Broker
from edge.gateway.mqtt.payloads import OFF, OFFLINE, ON, ONLINE, encode, state, what_matters
from edge.gateway.mqtt.topics import HOME_ASSISTANT_STATUS, Topics

WAKE_SECONDS = 0.25  # between two looks at what is due, where the daemon says nothing
STATE_SECONDS = 1.0  # between two states
BEAT_SECONDS = 60.0  # between two states that are the same, and between two messages of figures
GONE_SECONDS = 10.0  # without the daemon, after which the device is offline; its restart takes less
BIRTH_SECONDS = 5.0  # after Home Assistant's start everything is sent again within so long: not by all devices at once

logger = logging.getLogger(__name__)

Switch = Callable[[bool], None]
Figures = Callable[[Snapshot], dict[str, Any]]


def in_thread(act: Callable[[], None]) -> None:
    threading.Thread(target=act, name="mqtt-figures", daemon=True).start()


class StatePublisher:
    """Watches the daemon by `client` in a thread of its own, from `start` to `close`.

    `switch` pauses and resumes the camera, `is_paused` says what is so without the daemon, `figures` makes the
    device's own, and `announce` tells Home Assistant of the device; None where it is not asked to.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Topics,
        client: LiveClient,
        switch: Switch,
        is_paused: Callable[[], bool],
        figures: Figures,
        announce: Callable[[], None] | None,
        details: bool,
        clock: Callable[[], float] = time.monotonic,
        aside: Callable[[Callable[[], None]], None] = in_thread,
        labels: Callable[[], Sequence[str]] = lambda: LABELS,
    ) -> None:
        self._broker = broker
        self._topics = topics
        self._client = client
        self._switch = switch
        self._is_paused = is_paused
        self._figures = figures
        self._announce = announce
        self._details = details
        self._clock = clock
        self._aside = aside
        """does what takes long, so that no state waits for it"""
        self._labels = labels
        """the model's now"""
        self._announced: Sequence[str] = ()
        """those that Home Assistant knows of"""
        self._heard: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._number = 0
        """of the connection to which all was told"""
        self._state: dict[str, Any] | None = None
        """as published last on this connection"""
        self._state_s = float("-inf")
        self._figures_s = float("-inf")
        self._paused: str | None = None
        self._available: str | None = None
        self._alive_s = float("-inf")
        """when the daemon was last there"""
        self._began_s = clock()
        self._birth_s: float | None = None
        """when Home Assistant is to be told everything"""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-states", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Say that the device goes, which its will does not on a goodbye."""
        self._closed.set()
        self._thread.join(2.0)
        if (sent := self._broker.publish(self._topics.availability, OFFLINE, qos=1, retain=True)) is not None:
            sent.wait_for_publish(1.0)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take a message from the broker, in whatever thread."""
        self._heard.put((topic, payload))

    def step(self) -> None:
        """Publish what is due."""
        self._obey()
        snapshot = self._client.snapshot
        now_s = self._clock()
        if snapshot.live is not None:
            self._alive_s = now_s
        if not self._broker.connected:
            return
        if self._broker.number != self._number:
            self._begin(self._broker.number)
        if self._birth_s is not None and now_s >= self._birth_s:
            self._begin(self._number)
        if self._announced != self._labels():  # a daemon that started with another model
            self._tell_home_assistant()
        self._publish_state(snapshot, now_s)
        self._publish_paused(snapshot)
        self._publish_availability(now_s)
        self._publish_figures(snapshot, now_s)

    def _run(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(self._client.watching())
            version = -1
            while not (self._closed.is_set() or self._client.closed):
                try:
                    self.step()
                except Exception:  # one strange message must not end what all others depend on
                    logger.exception("a state could not be published")
                version = self._client.wait(version, self._rest_seconds()).version

    def _rest_seconds(self) -> float:
        """Until something may be due."""
        rest_s = self._state_s + STATE_SECONDS - self._clock()
        return rest_s if 0 < rest_s < WAKE_SECONDS else WAKE_SECONDS

    def _begin(self, number: int) -> None:
        """Nobody knows anything: announce, and publish all that follows anew."""
        self._number = number
        self._birth_s = None
        self._state = None
        self._state_s = float("-inf")
        self._figures_s = float("-inf")
        self._paused = None
        self._available = None
        self._tell_home_assistant()

    def _tell_home_assistant(self) -> None:
        self._announced = self._labels()
        if self._announce:
            self._announce()

    def _publish_state(self, snapshot: Snapshot, now_s: float) -> None:
        if snapshot.live is None or now_s < self._state_s + STATE_SECONDS:
            return
        found = state(snapshot.live, self._details)
        is_new = self._state is None or what_matters(found) != what_matters(self._state)
        if is_new or now_s >= self._state_s + BEAT_SECONDS:
            self._broker.publish(self._topics.state, encode(found), retain=True)
            self._state = found
            self._state_s = now_s

    def _publish_paused(self, snapshot: Snapshot) -> None:
        paused = bool(snapshot.live["paused"]) if snapshot.live else self._is_paused()
        word = ON if paused else OFF
        if word != self._paused:
            self._broker.publish(self._topics.paused, word, qos=1, retain=True)
            self._paused = word

    def _publish_availability(self, now_s: float) -> None:
        """After the state, so that nobody believes an old one."""
        if now_s - max(self._alive_s, self._began_s) < GONE_SECONDS and self._state is None:
            return
        word = ONLINE if now_s - self._alive_s < GONE_SECONDS else OFFLINE
        if word != self._available:
            self._broker.publish(self._topics.availability, word, qos=1, retain=True)
            self._available = word

    def _publish_figures(self, snapshot: Snapshot, now_s: float) -> None:
        if now_s >= self._figures_s + BEAT_SECONDS:
            self._figures_s = now_s
            self._aside(lambda: self._send_figures(snapshot))

    def _send_figures(self, snapshot: Snapshot) -> None:
        self._broker.publish(self._topics.stats, encode(self._figures(snapshot)))

    def _obey(self) -> None:
        while True:
            try:
                topic, payload = self._heard.get_nowait()
            except Empty:
                return
            word = payload[:20].decode(errors="replace")
            if topic == HOME_ASSISTANT_STATUS and word == ONLINE and self._announce:
                self._birth_s = self._clock() + random.uniform(0.1, BIRTH_SECONDS)
            elif topic == self._topics.pause and word in (ON, OFF):
                self._switch(word == ON)
            elif topic == self._topics.pause:
                logger.warning("%s: expected ON or OFF, found %r", topic, word)
