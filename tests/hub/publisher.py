"""A device for tests of single messages: it waits for every acknowledgement."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt

from tests.hub.engines import Hub, make_client, wait_until

START = "2026-11-28T05:00:00+00:00"
END = "2026-11-28T05:00:08+00:00"
EPISODE = {"type": "end", "event_type": "end", "device": "hall", "emotion": "happy", "start_utc": START, "end_utc": END}


class Publisher:
    def __init__(self, client: mqtt.Client) -> None:
        self.client = client

    def send(self, topic: str, payload: str | bytes | dict[str, object], qos: int = 1) -> None:
        content = json.dumps(payload) if isinstance(payload, dict) else payload
        self.client.publish(topic, content, qos).wait_for_publish(10)

    def end(self, device: str, id: object, **values: object) -> None:
        """One ended episode."""
        self.send(f"emotion-edge/{device}/events", EPISODE | {"id": id} | values)


@contextmanager
def connected(hub: Hub, user: str) -> Iterator[Publisher]:
    client = make_client(hub, user)
    client.connect("localhost", hub.port)
    client.loop_start()
    try:
        wait_until(client.is_connected, f"the connection of {user}")
        yield Publisher(client)
    finally:
        client.disconnect()
        client.loop_stop()
