"""Somebody who watches the states of all devices, as Home Assistant does, and notes how late they come."""

import selectors
import time

import paho.mqtt.client as mqtt

from tests.fleet.connection import Connection
from tests.hub.engines import Hub


class Viewer(Connection):
    def __init__(self, hub: Hub, selector: selectors.BaseSelector) -> None:
        super().__init__(hub, "viewer", selector)
        self.latencies_s: list[float] = []
        """from a device's publish to here"""
        self._expected: dict[tuple[str, bytes], float] = {}

    def prepare(self, client: mqtt.Client) -> None:
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        self._expected.clear()

    def expect(self, topic: str, payload: bytes) -> None:
        """This message, which no other one equals, is about to be sent."""
        self._expected[topic, payload] = time.monotonic()

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe("emotion-edge/+/state")
        self.connected = True

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        sent_s = self._expected.pop((message.topic, message.payload), None)
        if sent_s is not None and not message.retain:
            self.latencies_s.append(time.monotonic() - sent_s)
