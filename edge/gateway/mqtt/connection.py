"""The connection to the broker, made anew whenever it is lost.

Each one gets a client of paho's of its own: what an old one still held is dropped with it, for paho would keep it in
memory, without limit, and lose it at the end. Who must not lose anything sends again what the broker has not
acknowledged (`episodes`).
"""

import logging
import os
import random
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import SettingsError
from edge.settings import MqttSettings

KEEP_ALIVE_SECONDS = 30  # a broker that is silent for half as long again is gone
ANSWER_SECONDS = 10.0  # for the broker's answer to a connection
GOODBYE_SECONDS = 2.0
LOOK_SECONDS = 1.0  # a connection that was closed while it came to be is noticed after so long
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 60.0
PASSWORD_VARIABLE = "EMOTION_EDGE_MQTT_PASSWORD"
ACKNOWLEDGED = 1  # QoS: at least once

logger = logging.getLogger(__name__)

Hear = Callable[[str, bytes], None]


class BrokerError(Exception):
    """Why there is no connection, in words."""


class Session:
    """One connection, from its first byte to its last, by a client of paho's own."""

    def __init__(self, client: Client, hear: Hear) -> None:
        self.client = client
        self.refusal = ""
        """why there is none, or none any more"""
        self.answered = threading.Event()
        """the broker has said yes or no"""
        self.lost = threading.Event()
        self._hear = hear
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def open(self, host: str, port: int) -> None:
        """Raises BrokerError."""
        try:
            self.client.connect(host, port, KEEP_ALIVE_SECONDS)
        except (OSError, ValueError) as error:  # a host name that cannot be one is a ValueError
            raise BrokerError(_words(error)) from error
        if isinstance(raw := self.client.socket(), socket.socket):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.loop_start()
        if not self.answered.wait(ANSWER_SECONDS) or self.refusal:
            raise BrokerError(self.refusal or "it does not answer")

    def close(self) -> None:
        self.client.disconnect()
        threading.Thread(target=self.client.loop_stop, daemon=True).start()  # may wait for a network that is stuck

    def _on_connect(
        self, client: Client, data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.refusal = f"it refuses: {reason}" if reason.is_failure else ""
        self.answered.set()

    def _on_disconnect(
        self, client: Client, data: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.refusal = self.refusal or f"the connection is lost ({reason})"
        self.answered.set()
        self.lost.set()

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self._hear(message.topic, bytes(message.payload))


class Connection:
    """Connects in a thread of its own, from `start` to `close`.

    What comes for `subscriptions` is given to `hear`, topic and payload; it is called by paho's thread, and must not
    wait. The broker publishes `will`, topic and payload, when the connection is lost.
    """

    def __init__(
        self,
        mqtt: MqttSettings,
        client_id: str,
        will: tuple[str, str],
        subscriptions: tuple[str, ...] = (),
        hear: Hear = lambda topic, payload: None,
        retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self.number = 0
        """grows with every connection"""
        self._mqtt = mqtt
        self._client_id = client_id
        self._will = will
        self._subscriptions = subscriptions
        self._hear = hear
        self._retry_seconds = retry_seconds
        self._session: Session | None = None
        """while the broker takes messages"""
        self._closed = threading.Event()
        self._problem = ""
        """as said last"""
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Say goodbye, so that the broker does not publish the will."""
        self._closed.set()
        if session := self._session:
            session.lost.set()
        self._thread.join(2 * GOODBYE_SECONDS)

    @property
    def problem(self) -> str:
        """Why there is no connection, in words."""
        return self._problem or "the broker does not answer"

    @property
    def connected(self) -> bool:
        return self._session is not None

    def publish(
        self,
        topic: str,
        payload: bytes | str,
        qos: int = 0,
        retain: bool = False,
    ) -> MQTTMessageInfo | None:
        """Send it; None where there is no connection. With qos 1 the answer tells when the broker has it."""
        session = self._session
        if session is None:
            return None
        sent = session.client.publish(topic, payload, qos, retain)
        return sent if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def drop(self, problem: str) -> None:
        """Begin anew with a broker that does not do what it must."""
        if session := self._session:
            logger.warning("the MQTT broker %s: %s; connecting anew", self._mqtt.host, problem)
            session.lost.set()

    def _run(self) -> None:
        wait_seconds = self._retry_seconds
        while not self._closed.is_set():
            try:
                self._connect_and_wait()
                wait_seconds = self._retry_seconds
            except (BrokerError, SettingsError) as error:
                self._say(str(error))
                wait_seconds = min(2 * wait_seconds, LAST_RETRY_SECONDS)
            self._closed.wait(wait_seconds * random.uniform(0.75, 1.25))  # many devices do not come back at once

    def _connect_and_wait(self) -> None:
        """Hold one connection until it is lost; raises BrokerError or SettingsError where there is none."""
        session = Session(self._make_client(), self._hear)
        try:
            session.open(self._mqtt.host, self._mqtt.broker_port)
            for topic in self._subscriptions:
                session.client.subscribe(topic, ACKNOWLEDGED)
            self.number += 1
            self._session = session
            logger.info("connected to the MQTT broker %s", self._mqtt.host)
            self._problem = ""
            while not (session.lost.wait(LOOK_SECONDS) or self._closed.is_set()):
                pass
        finally:
            self._session = None
            session.close()
        if not self._closed.is_set():
            self._say(session.refusal)

    def _make_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self._client_id, clean_session=True, reconnect_on_failure=False
        )
        client.will_set(*self._will, qos=ACKNOWLEDGED, retain=True)
        if self._mqtt.user:
            client.username_pw_set(self._mqtt.user, password(self._mqtt))
        if self._mqtt.tls:
            client.tls_set_context(tls_context(self._mqtt))
        return client

    def _say(self, problem: str) -> None:
        """Once for each problem: a broker may be away for weeks."""
        if problem != self._problem:
            self._problem = problem
            where = f"{self._mqtt.host}:{self._mqtt.broker_port}"
            logger.warning("no MQTT broker at %s: %s; trying again", where, problem)


def password(mqtt: MqttSettings) -> str | None:
    """From its file, or the environment; read for each connection, so that a new one needs no restart.

    Raises SettingsError where the file cannot be read.
    """
    if not mqtt.password_file:
        return os.environ.get(PASSWORD_VARIABLE)
    try:
        return Path(mqtt.password_file).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeError) as error:
        found = f"mqtt.password_file: {mqtt.password_file} cannot be read ({_words(error)})"
        raise SettingsError(found, "make it readable for the gateway's user alone: chown, chmod 600") from error


def tls_context(mqtt: MqttSettings) -> ssl.SSLContext:
    """Raises SettingsError where a file is missing or none of its kind."""
    try:
        context = ssl.create_default_context(cafile=mqtt.ca or None)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # default since Python 3.13; refuses most home-made authorities
        if mqtt.cert:
            context.load_cert_chain(
                mqtt.cert, mqtt.key, lambda: ""
            )  # a key with a passphrase is refused, not asked for
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        found = f"mqtt.ca, cert, key: expected PEM files that belong together ({_words(error)})"
        raise SettingsError(found, "the broker's administrator gives them out") from error
    return context


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
