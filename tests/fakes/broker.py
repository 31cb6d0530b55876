"""A real Mosquitto on a port of loopback, and a program that listens to it."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
START_SECONDS = 10.0

needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto (apt-get install mosquitto)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """Runs while it is open; `lines` are more lines of its configuration."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._lines = lines or ("allow_anonymous true",)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        assert MOSQUITTO
        # As root it would give up its rights, and not read a test's folder any more.
        head = ("user root", f"listener {self.port} 127.0.0.1", "max_queued_messages 0", "set_tcp_nodelay true")
        self._config.write_text("\n".join((*head, *self._lines)) + "\n")
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=quiet, stderr=quiet)
        deadline_s = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            assert time.monotonic() < deadline_s and self._process.poll() is None, "mosquitto does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """As a machine that loses its power: nothing is said to anybody."""
        assert self._process
        self._process.kill()
        self._process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def with_password(folder: Path, user: str, password: str) -> Iterator[Mosquitto]:
    """One that lets in `user` alone."""
    passwords = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), user, password], check=True, capture_output=True)
    with Mosquitto(folder, "allow_anonymous false", f"password_file {passwords}") as broker:
        yield broker


class Message(NamedTuple):
    topic: str
    text: str
    retained: bool
    time_s: float
    """monotonic"""

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Subscriber:
    """Keeps all messages of `topic`, also over restarts of the broker."""

    def __init__(
        self, port: int, topic: str = "#", options: Callable[[Client], None] = lambda client: None, name: str = "first"
    ) -> None:
        self.messages: list[Message] = []
        self.subscriptions = 0
        """granted ones: one more after each restart of the broker, which forgets what it was to keep"""
        self._came = threading.Condition()
        self._topic = topic
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, 1)
        self._client.on_subscribe = lambda *_: self._count()
        self._client.on_message = lambda client, data, message: self._take(message)
        options(self._client)
        self._client.connect_async("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self.wait_for(lambda: self.subscriptions, START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, text: str) -> None:
        self._client.publish(topic, text, qos=1).wait_for_publish(START_SECONDS)

    def of(self, leaf: str) -> list[Message]:
        """The messages of topics that end so."""
        return [message for message in self.messages if message.topic.endswith(leaf)]

    def wait_for(self, what: Callable[[], Any], seconds: float = 20.0) -> Any:
        """What `what` gives, once it is true."""
        with self._came:
            assert self._came.wait_for(what, seconds), [message[:2] for message in self.messages[-10:]]
            return what()

    def _count(self) -> None:
        with self._came:
            self.subscriptions += 1
            self._came.notify_all()

    def _take(self, message: Any) -> None:
        text = message.payload.decode()
        with self._came:
            self.messages.append(Message(message.topic, text, bool(message.retain), time.monotonic()))
            self._came.notify_all()
