"""A simulated device: what it says is made by the gateway's own code, as far as that needs no log.

Its closed episodes wait in a queue of its own for their PUBACK.
"""

import random
import selectors
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import paho.mqtt.client as mqtt

from edge.contract import LABELS
from edge.events.records import EpisodeRow
from edge.gateway.mqtt.payloads import OFF, OFFLINE, ONLINE, Events, Kind, encode, state
from edge.gateway.mqtt.topics import Topics
from tests.fakes.live import face, live
from tests.fleet.connection import Connection
from tests.hub.engines import Hub

IN_FLIGHT = 20  # unacknowledged episodes at once, as the gateway has
KINDS = ("state", "new", "update", "end", "end again", "ha_event", "stats", "unreadable")
FIGURES: dict[str, Any] = {
    "temperature_celsius": 51.2,
    "frames_per_second": 9.9,
    "dropped": 0,
    "undervoltage": False,
    "throttled": False,
    "disk_free_mb": 20_311,
    "clock_synchronized": True,
    "log_rows": 86_400,
    "lost_rows": 0,
    "episodes_deleted_unsent": 0,
    "version": "0.2.0",
    "model": "emotion 0.2.0 0123456789ab",
}
"""what a device measures of itself; a test compares the fields with the gateway's"""


class Device(Connection):
    """`clock_ahead_seconds`: how wrong its clock is."""

    def __init__(
        self, hub: Hub, name: str, selector: selectors.BaseSelector, chance: random.Random, clock_ahead_seconds: float
    ) -> None:
        super().__init__(hub, name, selector)
        self.episodes: list[EpisodeRow] = []
        """all that ended, in order; stands for the log on its card"""
        self.first_sent_s: dict[str, float] = {}
        """by id, this machine's clock"""
        self.sent = dict.fromkeys(KINDS, 0)
        self._topics = Topics(name)
        self._events = Events(name, f"{chance.getrandbits(32):08x}", details=False)
        self._chance = chance
        self._ahead = timedelta(seconds=clock_ahead_seconds)
        self._begun = 0
        self._cursor = 0  # so many episodes the broker has acknowledged, all of them in order
        self._next = 0  # index of the next one to send on this connection
        self._in_flight: dict[int, int] = {}  # message id: index
        self._acknowledged: set[int] = set()  # indices from the cursor on, acknowledged out of order

    @property
    def unacknowledged(self) -> int:
        return len(self.episodes) - self._cursor

    def id_of(self, episode: EpisodeRow) -> str:
        return str(self._events.message("new", episode)["id"])

    def prepare(self, client: mqtt.Client) -> None:
        client.will_set(self._topics.availability, OFFLINE, 1, retain=True)
        client.on_connect = self._on_connect
        client.on_publish = self._on_acknowledged
        self._next = self._cursor
        self._in_flight.clear()
        self._acknowledged.clear()

    def send_state(self) -> tuple[str, bytes]:
        """Return topic and payload, which no other message has."""
        seen = face(emotion=self._chance.choice(LABELS), score=self._chance.random())
        payload = encode(state(live(faces=[seen], utc=self._utc()), details=False))
        if self.connected:
            self._publish(self._topics.state, payload, "state", qos=0, retain=True)
        return self._topics.state, payload

    def send_stats(self) -> None:
        if self.connected:
            self._publish(self._topics.stats, encode(FIGURES | {"sent_utc": self._utc()}), "stats", qos=0)

    def begin_episode(self, seconds: float) -> EpisodeRow:
        """Announce one that lasts `seconds`, and return it for `send_update` and `end_episode`."""
        begun = datetime.now(UTC) + self._ahead
        row = EpisodeRow(
            id=self._begun,
            run=1,
            track=self._begun,
            emotion=self._chance.choice(LABELS),
            start_utc=begun.isoformat(timespec="milliseconds"),
            end_utc=(begun + timedelta(seconds=seconds)).isoformat(timespec="milliseconds"),
            start_s=0.0,
            end_s=seconds,
            observations=1 + int(seconds),
            mean_score=0.71,
            peak_score=0.83,
            certain_share=0.9,
            first_observation=self._begun,
            last_observation=self._begun,
        )
        self._begun += 1
        self._watch("new", row)
        return row

    def send_update(self, episode: EpisodeRow) -> None:
        self._watch("update", episode)

    def end_episode(self, episode: EpisodeRow) -> None:
        self.episodes.append(episode)
        self.send_episodes()

    def send_episodes(self) -> None:
        while self.connected and self._next < len(self.episodes) and len(self._in_flight) < IN_FLIGHT:
            episode = self.episodes[self._next]
            episode_id = self.id_of(episode)
            kind = "end again" if episode_id in self.first_sent_s else "end"
            self.first_sent_s.setdefault(episode_id, time.time())
            payload = self._message("end", episode)
            self._in_flight[self._publish(self._topics.events, payload, kind, qos=1)] = self._next
            self._next += 1
            if self.connected:  # not lost with the message before
                self._publish(self._topics.ha_event, payload, "ha_event", qos=1)

    def send_unreadable(self) -> None:
        if self.connected:
            self._publish(self._topics.events, b'{"type": "end", "id": ', "unreadable", qos=1)

    def _watch(self, kind: Kind, episode: EpisodeRow) -> None:
        """For who watches now."""
        if self.connected:
            self._publish(self._topics.events, self._message(kind, episode), kind, qos=1)

    def _message(self, kind: Kind, episode: EpisodeRow) -> bytes:
        return encode(self._events.message(kind, episode) | {"sent_utc": self._utc()})

    def _publish(self, topic: str, payload: bytes, kind: str, qos: int, retain: bool = False) -> int:
        assert self.client is not None
        self.sent[kind] += 1
        message_id: int = self.client.publish(topic, payload, qos, retain).mid
        return message_id

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        self.connected = True
        client.publish(self._topics.paused, OFF, 1, retain=True)
        client.publish(self._topics.availability, ONLINE, 1, retain=True)
        self.send_stats()
        self.send_episodes()

    def _on_acknowledged(self, _client: object, _data: object, message_id: int, *_: object) -> None:
        index = self._in_flight.pop(message_id, None)
        if index is None:
            return
        self._acknowledged.add(index)
        while self._cursor in self._acknowledged:
            self._acknowledged.remove(self._cursor)
            self._cursor += 1
        self.send_episodes()

    def _utc(self) -> str:
        return (datetime.now(UTC) + self._ahead).isoformat(timespec="milliseconds")
