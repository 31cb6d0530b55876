"""Somebody who listens to a hub's broker for the tests."""

import json
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt

from tests.hub.engines import Hub, make_client, wait_until


class Listener:
    """Subscribes as `user`, and keeps what comes; by a client that is ready to connect."""

    def __init__(self, client: mqtt.Client, port: int, topic: str) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.granted: list[int] = []
        self.client = client
        self._topic = topic
        client.reconnect_delay_set(1, 1)
        client.on_message = lambda _client, _data, message: self.messages.append((message.topic, message.payload))
        client.on_connect = lambda client, *_: client.subscribe(self._topic)
        client.on_subscribe = self._on_subscribe
        client.connect("localhost", port)
        client.loop_start()
        wait_until(lambda: self.granted, "the subscription")

    def _on_subscribe(
        self, _client: object, _data: object, _mid: object, codes: list[mqtt.ReasonCode], _: object
    ) -> None:
        self.granted.extend(code.value for code in codes)

    def of(self, leaf: str) -> list[bytes]:
        """Payloads of the topics that end so."""
        return [payload for topic, payload in self.messages if topic.endswith(leaf)]

    def wait_for(self, leaf: str, is_it: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first of `leaf` that `is_it`, read as JSON."""
        found: list[Any] = []

        def came() -> bool:
            found[:] = [message for message in map(json.loads, self.of(leaf)) if is_it(message)]
            return bool(found)

        wait_until(came, leaf)
        return found[0]

    def close(self) -> None:
        """The client must not know this object any more, or neither of them goes, nor do the client's sockets."""
        self.client.disconnect()
        self.client.loop_stop()
        self.client.on_message = self.client.on_connect = self.client.on_subscribe = None


def listen(hub: Hub, user: str, topic: str) -> Listener:
    return Listener(make_client(hub, user), hub.port, topic)
