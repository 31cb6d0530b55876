"""Remove all that the broker keeps of this device: retained messages, each by an empty one."""

import time

from edge.errors import EdgeError
from edge.gateway.mqtt.connection import Connection
from edge.gateway.mqtt.payloads import OFFLINE
from edge.gateway.mqtt.topics import Topics, discovery_topic, object_id
from edge.settings import MqttSettings

WAIT_SECONDS = 15.0  # for the broker


def forget(mqtt: MqttSettings, name: str) -> None:
    """Raises EdgeError where the broker cannot be reached, or does not say that it has done it."""
    topics = Topics(name)
    client_id = f"{name}-forget"  # the gateway's own would end its connection
    connection = Connection(mqtt, client_id, (f"{topics.availability}/forget", OFFLINE))
    connection.start()
    try:
        _wait_for(connection)
        kept = (discovery_topic(object_id()), topics.availability, topics.state, topics.paused)
        on_the_way = [connection.publish(topic, b"", qos=1, retain=True) for topic in kept]
        for sent in on_the_way:
            if sent is not None:
                sent.wait_for_publish(WAIT_SECONDS)
        if not all(sent is not None and sent.is_published() for sent in on_the_way):
            raise EdgeError(f"{mqtt.host}: the broker does not acknowledge", "may this user publish there?")
    finally:
        connection.close()


def _wait_for(connection: Connection) -> None:
    deadline_s = time.monotonic() + WAIT_SECONDS
    while not connection.connected:
        if time.monotonic() > deadline_s:
            raise EdgeError(f"no connection: {connection.problem}", "see the settings of [mqtt]")
        time.sleep(0.05)
