"""A simulated device (systemd/hub/PAYLOADS.md): closed episodes wait in a queue of its own for their PUBACK."""

import json
import random
import selectors
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import paho.mqtt.client as mqtt

from edge.contract import LABELS
from tests.fleet.connection import Connection
from tests.hub.engines import Hub

IN_FLIGHT = 10  # unacknowledged episodes at once


class Device(Connection):
    """`clock_ahead_seconds`: how wrong its clock is."""

    def __init__(
        self, hub: Hub, name: str, selector: selectors.BaseSelector, chance: random.Random, clock_ahead_seconds: float
    ) -> None:
        super().__init__(hub, name, selector)
        self.episodes: list[dict[str, Any]] = []
        """all that ended, in order; stands for the log on its card"""
        self.first_sent_s: dict[str, float] = {}
        """by id, this machine's clock"""
        self.sent = dict.fromkeys(("state", "new", "end", "end again", "stats", "unreadable"), 0)
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

    def prepare(self, client: mqtt.Client) -> None:
        client.will_set(self._topic("availability"), "offline", 1, retain=True)
        client.on_connect = self._on_connect
        client.on_publish = self._on_acknowledged
        self._next = self._cursor
        self._in_flight.clear()
        self._acknowledged.clear()

    def send_state(self) -> tuple[str, bytes]:
        """Return topic and payload, which no other message has."""
        values = {"emotion": self._chance.choice(LABELS), "score": self._chance.random(), "certain": True, "faces": 1}
        payload = json.dumps(values).encode()
        if self.connected:
            self._publish("state", payload, "state", qos=0, retain=True)
        return self._topic("state"), payload

    def send_stats(self) -> None:
        values = {"temperature_celsius": 51.2, "frames_per_second": 9.9, "dropped": 0, "undervoltage": False}
        values |= {
            "throttled": False,
            "disk_free_mb": 20_311,
            "clock_synchronized": True,
            "log_rows": len(self.episodes),
        }
        values |= {"lost_rows": 0, "version": "0.2.0", "model": "emotion_int8", "sent_utc": self._utc()}
        if self.connected:
            self._publish("stats", json.dumps(values).encode(), "stats", qos=0)

    def begin_episode(self, seconds: float) -> dict[str, Any]:
        """Announce one that lasts `seconds`, and return it for `end_episode`."""
        now = datetime.now(UTC) + self._ahead
        common = {"id": f"{self.user}.1c2d3e4f-{self._begun}", "device": self.user}
        common |= {"emotion": self._chance.choice(LABELS), "start_utc": now.isoformat()}
        self._begun += 1
        if self.connected:
            new = common | {"type": "new", "event_type": "new", "sent_utc": self._utc()}
            self._publish("events", json.dumps(new).encode(), "new", qos=1)
        ended = {"end_utc": (now + timedelta(seconds=seconds)).isoformat(), "seconds": seconds, "mean_score": 0.71}
        return common | ended | {"type": "end", "event_type": "end"}

    def end_episode(self, episode: dict[str, Any]) -> None:
        self.episodes.append(episode)
        self.send_episodes()

    def send_episodes(self) -> None:
        while self.connected and self._next < len(self.episodes) and len(self._in_flight) < IN_FLIGHT:
            episode = self.episodes[self._next]
            kind = "end again" if episode["id"] in self.first_sent_s else "end"
            self.first_sent_s.setdefault(episode["id"], time.time())
            payload = json.dumps(episode | {"sent_utc": self._utc()}).encode()
            self._in_flight[self._publish("events", payload, kind, qos=1)] = self._next
            self._next += 1

    def send_unreadable(self) -> None:
        if self.connected:
            self._publish("events", b'{"type": "end", "id": ', "unreadable", qos=1)

    def _publish(self, topic: str, payload: bytes, kind: str, qos: int, retain: bool = False) -> int:
        assert self.client is not None
        self.sent[kind] += 1
        message_id: int = self.client.publish(self._topic(topic), payload, qos, retain).mid
        return message_id

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        self.connected = True
        client.publish(self._topic("availability"), "online", 1, retain=True)
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

    def _topic(self, name: str) -> str:
        return f"emotion-edge/{self.user}/{name}"

    def _utc(self) -> str:
        return (datetime.now(UTC) + self._ahead).isoformat()
