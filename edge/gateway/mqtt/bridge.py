"""Puts the MQTT side together: one connection, what is true now, and the log's episodes."""

import logging
import socket
from pathlib import Path

from edge import settings
from edge.daemon import pause
from edge.gateway.gateway import Gateway
from edge.gateway.hosts import is_loopback
from edge.gateway.mqtt import discovery
from edge.gateway.mqtt.connection import Connection
from edge.gateway.mqtt.cursor import NAME, Cursor
from edge.gateway.mqtt.episodes import EpisodeSender
from edge.gateway.mqtt.figures import Figures
from edge.gateway.mqtt.payloads import OFFLINE, encode
from edge.gateway.mqtt.states import StatePublisher
from edge.gateway.mqtt.topics import HOME_ASSISTANT_STATUS, Topics, discovery_topic, object_id, topic_name

BOARD = Path("/proc/device-tree/model")
BY = "mqtt"  # who paused, for the journal

logger = logging.getLogger(__name__)


class Bridge:
    """All that goes to the broker and comes from it, from `start` to `close`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._mqtt = gateway.settings.mqtt
        self.topics = Topics(name_of(gateway.settings, gateway.name))
        subscriptions = (self.topics.pause, *((HOME_ASSISTANT_STATUS,) if self._mqtt.discovery else ()))
        will = (self.topics.availability, OFFLINE)
        self._connection = Connection(self._mqtt, self.topics.name, will, subscriptions, self._hear)
        self.episodes = self._make_episodes()
        self._states = self._make_states()

    def start(self) -> None:
        self._connection.start()
        self._states.start()
        self.episodes.start()

    def close(self) -> None:
        self.episodes.close()
        self._states.close()
        self._connection.close()

    @property
    def connected(self) -> bool:
        return self._connection.connected

    def _make_episodes(self) -> EpisodeSender:
        return EpisodeSender(
            self._connection,
            self.topics,
            Cursor(settings.state_folder() / NAME),
            lambda: self._gateway.log,
            self._gateway.name,
            self._mqtt.details,
            self._gateway.settings.log.commit_seconds,
        )

    def _make_states(self) -> StatePublisher:
        figures = Figures(self._gateway, lambda: self.episodes.deleted)
        return StatePublisher(
            self._connection,
            self.topics,
            self._gateway.client,
            self._pause,
            lambda: pause.flag_path().exists(),
            figures.make,
            self._announce if self._mqtt.discovery else None,
            self._mqtt.details,
            labels=lambda: self._gateway.labels,
        )

    def _hear(self, topic: str, payload: bytes) -> None:
        self._states.hear(topic, payload)

    def _pause(self, paused: bool) -> None:
        """By the daemon; where it does not run, by the file that it finds at its start."""
        if self._gateway.client.send({"type": "pause" if paused else "resume", "by": BY}):
            return
        try:
            if paused:
                pause.pause(pause.flag_path(), BY)
            else:
                pause.resume(pause.flag_path())
        except OSError as error:
            logger.error("the camera could not be %s: %s", "paused" if paused else "resumed", error)

    def _announce(self) -> None:
        device = discovery.Device(object_id(), self._gateway.name, board(), page_url(self._gateway))
        message = encode(discovery.payload(device, self.topics, self._gateway.labels))
        self._connection.publish(discovery_topic(device.object_id), message, qos=1, retain=True)


def name_of(chosen: settings.Settings, name: str) -> str:
    """The device's in the topics; `name` is what people call it."""
    return chosen.mqtt.name or topic_name(name)


def board() -> str:
    try:
        return BOARD.read_text(encoding="utf-8").rstrip("\0") or "Linux"
    except OSError:
        return "Linux"


def page_url(gateway: Gateway) -> str:
    """Where the page is for other machines; empty where it is for this one alone."""
    address, port = gateway.settings.web.address
    if is_loopback(address):
        return ""
    if address in ("0.0.0.0", "::"):
        address = f"{socket.gethostname().partition('.')[0]}.local"
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"
