"""A broker by hand, for what needs no network: keeps what is published, and acknowledges when it is told to."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass
class FakeSent:
    """A message on its way."""

    topic: str
    text: str
    retained: bool
    qos: int
    published: bool = False

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    def is_published(self) -> bool:
        return self.published

    def wait_for_publish(self, timeout: float | None = None) -> None:
        pass


class FakeBroker:
    """As `Connection`, with everything acknowledged at once unless `acknowledges` says how many more may be."""

    def __init__(self) -> None:
        self.number = 1
        self.connected = True
        self.acknowledges: int | None = None
        """how many more messages of qos 1 are acknowledged before the connection is lost; None: all"""
        self.messages: list[FakeSent] = []
        self.dropped = 0

    def publish(self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False) -> FakeSent | None:
        if not self.connected:
            return None
        text = payload if isinstance(payload, str) else payload.decode()
        sent = FakeSent(topic, text, retain, qos)
        self.messages.append(sent)
        if self.acknowledges is None:
            sent.published = True
        elif self.acknowledges:
            self.acknowledges -= 1
            sent.published = True
        else:
            self.connected = False
        return sent

    def drop(self, problem: str) -> None:
        self.dropped += 1
        self.connected = False

    def connect_again(self) -> None:
        self.number += 1
        self.connected = True
        self.acknowledges = None

    def of(self, leaf: str) -> list[FakeSent]:
        """The messages of topics that end so."""
        return [message for message in self.messages if message.topic.endswith(leaf)]
