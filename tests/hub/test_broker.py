"""Who may do what at the broker, with the configuration as it is shipped."""

import json

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.hub.engines import FORGERS, Hub, make_client, wait_until
from tests.hub.listener import listen
from tests.hub.publisher import EPISODE, connected


def refusal(client: mqtt.Client, hub: Hub) -> str:
    reasons: list[mqtt.ReasonCode] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: reasons.append(reason)
    client.connect("localhost", hub.port)
    client.loop_start()
    wait_until(lambda: reasons, "an answer")
    client.disconnect()
    client.loop_stop()
    return str(reasons[0])


def test_a_wrong_password_an_unknown_user_and_nobody_are_refused(hub: Hub) -> None:
    for user, password in (("hall", "wrong"), ("nobody-known", "word"), (None, None)):
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.tls_set(ca_certs=str(hub.ca))
        client.username_pw_set(user, password)
        assert refusal(client, hub) == "Not authorized"


def test_without_tls_nobody_is_heard(hub: Hub) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("hall", "word-of-hall")
    client.connect("localhost", hub.port)
    answers: list[object] = []
    client.on_connect = lambda *arguments: answers.append(arguments)
    wait_until(lambda: client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS, "the end of the connection")
    assert answers == []


def test_a_device_reads_and_writes_below_its_own_name_only(hub: Hub) -> None:
    viewer = listen(hub, "viewer", "emotion-edge/#")
    eavesdropper = listen(hub, "cafe", "emotion-edge/#")
    try:
        topics = ("emotion-edge/cafe/state", "elsewhere", "homeassistant/device/x/config")
        for forger, topic in zip(FORGERS, topics, strict=True):  # mosquitto 2.0.11 throws each of them out
            with connected(hub, forger) as device:
                device.send(topic, b"forged")
        with connected(hub, "stairs") as device:
            device.send("emotion-edge/hall/paused/set", b"forged")
        with connected(hub, "hall") as device:
            device.send("emotion-edge/hall/state", b"own")
            device.send("emotion-edge/hall/state", b"last")
        wait_until(lambda: ("emotion-edge/hall/state", b"last") in viewer.messages, "the last message")
        assert ("emotion-edge/hall/state", b"own") in viewer.messages
        payloads = {payload for _, payload in viewer.messages}
        assert not payloads & {b"forged", b"ON"}
        assert eavesdropper.messages == []
    finally:
        viewer.close()
        eavesdropper.close()


def test_home_assistant_and_a_device_find_each_other_where_the_access_list_lets_them() -> None:
    """With the `#` of its last lines taken away, as README.md says."""
    made = Hub(["hall"], home_assistant=True)
    try:
        made.broker.start()
        made.wait_for_broker()
        home = listen(made, "homeassistant", "#")
        device = listen(made, "hall", "emotion-edge/hall/paused/set")
        device.client.subscribe("homeassistant/status")
        wait_until(lambda: len(device.granted) == 2, "both subscriptions")
        device.client.publish("homeassistant/device/x/config", b"{}", 1)
        device.client.publish("emotion-edge/hall/state", b"{}", 1)
        home.client.publish("homeassistant/status", b"online", 1)
        home.client.publish("emotion-edge/hall/paused/set", b"ON", 1)
        wait_until(lambda: {b"online", b"ON"} <= {payload for _, payload in device.messages}, "what the device hears")
        wait_until(lambda: home.of("/config") and home.of("/state"), "what Home Assistant hears")
        for listener in (home, device):
            listener.close()
    finally:
        made.close()


def test_nobody_takes_the_hubs_session_by_its_client_id(hub: Hub) -> None:
    said_before = hub.collector.log().count("connected to the broker")
    client = make_client(hub, "hall")
    client._client_id = b"hub"
    client.connect("localhost", hub.port)
    client.loop_start()
    wait_until(client.is_connected, "a connection")
    with connected(hub, "cafe") as device:
        device.end("cafe", "still-there")
    wait_until(lambda: hub.rows("SELECT 1 FROM episodes WHERE id = 'still-there'"), "the collector goes on")
    client.disconnect()
    client.loop_stop()
    assert hub.collector.log().count("connected to the broker") == said_before


def test_what_comes_while_the_collector_is_away_is_kept(hub: Hub) -> None:
    """Through a restart of the broker, too. By default mosquitto drops silently beyond 1,000 messages."""
    count = 3000
    hub.collector.end()
    with connected(hub, "hall") as device:
        for number in range(count - 1):
            device.client.publish("emotion-edge/hall/events", episode(f"kept-{number}"), 1)
        device.end("hall", f"kept-{count - 1}")
    hub.restart_broker()
    hub.collector.start()
    query = "SELECT count(*) FROM episodes WHERE id LIKE 'kept-%'"
    wait_until(lambda: hub.rows(query) == [(count,)], f"{count} episodes")


def episode(episode_id: str) -> str:
    return json.dumps(EPISODE | {"id": episode_id})
