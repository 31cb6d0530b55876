"""What Home Assistant is told, by its rules; and which name the device has for ever."""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.contract import LABELS
from edge.gateway.mqtt.discovery import Device, payload
from edge.gateway.mqtt.payloads import encode
from edge.gateway.mqtt.topics import Topics, discovery_topic, object_id, topic_name
from edge.settings import PROJECT

TOPICS = Topics("hall")
PAYLOADS = [
    payload(Device("emotion_edge_1c2d3e4f5a6b", "Hall", "Raspberry Pi 5 Model B", url), TOPICS)
    for url in ("", "http://hall.local:8770/")
]

# The rules of Home Assistant 2026.2.3, components/mqtt: discovery.py and schemas.py (root, device, origin,
# availability), sensor.py, binary_sensor.py, switch.py, event.py, abbreviations.py; components/{sensor,binary_sensor}/
# const.py for classes and units. What stands here is what our messages use; a key that is not here is refused by the
# test, since Home Assistant takes a misspelt one in silence.
ROOT = {"dev", "o", "stat_t", "cmps"}
DEVICE = {"ids", "name", "mf", "mdl", "sw", "cu"}
ENTITY = {"p", "unique_id", "name", "avty", "avty_mode", "ent_cat", "en", "stat_t", "val_tpl", "qos"}
ALLOWED = {
    "sensor": ENTITY | {"dev_cla", "ops", "exp_aft", "stat_cla", "sug_dsp_prc", "unit_of_meas"},
    "binary_sensor": ENTITY | {"dev_cla", "exp_aft"},
    "switch": ENTITY | {"cmd_t", "ret"},
    "event": ENTITY | {"evt_typ"},
}
REQUIRED = {"switch": {"cmd_t"}, "event": {"evt_typ"}, "sensor": set(), "binary_sensor": set()}
CLASSES = {"sensor": {"enum", "temperature"}, "binary_sensor": {"occupancy", "problem"}}
UNITS = {"temperature": {"°C", "°F", "K"}}


def check(message: dict[str, Any]) -> None:
    """Raises AssertionError where Home Assistant would refuse, or would not understand."""
    assert set(message) == ROOT
    assert set(message["dev"]) <= DEVICE and message["dev"]["ids"]
    assert re.match("https?://", message["dev"].get("cu", "http://"))
    assert message["o"]["name"]
    assert len({entity["unique_id"] for entity in message["cmps"].values()}) == len(message["cmps"])
    for entity in message["cmps"].values():
        check_entity(entity)


def check_entity(entity: dict[str, Any]) -> None:
    platform = entity["p"]
    assert REQUIRED[platform] | {"unique_id"} <= set(entity) <= ALLOWED[platform]
    assert re.fullmatch("[a-zA-Z0-9_-]+", entity["unique_id"])
    assert entity.get("ent_cat") in (None, "diagnostic"), "config is for what can be set"
    assert isinstance(entity.get("exp_aft", 1), int), "a float is taken, and never expires"
    assert entity.get("avty_mode", "all") in ("all", "any", "latest")
    for place in entity.get("avty", ()):
        assert set(place) in ({"t"}, {"t", "pl_avail", "pl_not_avail"})
    if "dev_cla" in entity:
        assert entity["dev_cla"] in CLASSES[platform]
    if platform == "sensor":
        check_sensor(entity)


def check_sensor(entity: dict[str, Any]) -> None:
    kind = entity.get("dev_cla")
    assert ("ops" in entity) == (kind == "enum")
    assert not (kind == "enum" and ("stat_cla" in entity or "unit_of_meas" in entity))
    assert entity.get("stat_cla", "measurement") == "measurement"
    assert entity.get("unit_of_meas") in UNITS.get(kind, {entity.get("unit_of_meas")})  # type: ignore[arg-type]


@pytest.mark.parametrize("message", PAYLOADS)
def test_every_message_keeps_home_assistants_rules(message: dict[str, Any]) -> None:
    check(json.loads(encode(message)))


SPOILED = [
    (("avty",), [{"t": "a"}]),
    (("cmps", "emotion", "stat_cla"), "measurement"),
    (("cmps", "emotion", "exp_after"), 180),
    (("cmps", "faces", "ops"), ["a"]),
    (("cmps", "faces", "exp_aft"), 180.0),
    (("cmps", "temperature", "unit_of_meas"), "C"),
    (("cmps", "temperature", "ent_cat"), "config"),
    (("cmps", "faces", "unique_id"), "emotion_edge_1c2d3e4f5a6b_emotion"),
    (("cmps", "camera", "unique_id"), "with a space"),
    (("dev", "cu"), "hall.local:8770"),
]


@pytest.mark.parametrize(("place", "value"), SPOILED)
def test_the_rules_refuse_what_home_assistant_refuses_or_ignores(place: tuple[str, ...], value: object) -> None:
    message = copy.deepcopy(PAYLOADS[0])
    table: Any = message
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    with pytest.raises(AssertionError):
        check(message)


@pytest.mark.skipif(
    not os.environ.get("EMOTION_EDGE_HOME_ASSISTANT"), reason="Home Assistant's wheel is not here (home_assistant.py)"
)
def test_home_assistants_own_schemas_take_every_message() -> None:
    command = [sys.executable, "-m", "tests.edge.gateway.mqtt.home_assistant"]
    lines = "\n".join(encode(message).decode() for message in PAYLOADS)
    done = subprocess.run(command, cwd=PROJECT, input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("accepted: emotion occupied faces") == len(PAYLOADS)


def test_every_state_that_can_be_sent_is_one_that_was_announced() -> None:
    assert PAYLOADS[0]["cmps"]["emotion"]["ops"] == [*LABELS, "uncertain", "no_face"]


def test_the_states_of_another_model_are_its_labels() -> None:
    device = Device("emotion_edge_1c2d3e4f5a6b", "Hall", "Raspberry Pi 5 Model B", "")
    message = payload(device, TOPICS, ("positive", "negative"))
    check(message)
    assert message["cmps"]["emotion"]["ops"] == ["positive", "negative", "uncertain", "no_face"]


def test_every_topic_that_is_announced_is_one_of_ours() -> None:
    text = encode(PAYLOADS[0]).decode()
    ours = {TOPICS.availability, TOPICS.state, TOPICS.ha_event, TOPICS.stats, TOPICS.paused, TOPICS.pause}
    assert set(re.findall(r"emotion-edge/[\w/]+", text)) == ours


def test_the_object_id_is_the_serial_number_else_the_hashed_machine_id(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    hashed = object_id(tmp_path)
    assert re.fullmatch("emotion_edge_[0-9a-f]{12}", hashed)
    assert "0123456789" not in hashed
    (tmp_path / "etc/machine-id").write_text("ffffffffffffffffffffffffffffffff\n")
    assert object_id(tmp_path) != hashed
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "serial-number").write_bytes(b"100000001C2D3E4F\0")
    assert object_id(tmp_path) == "emotion_edge_100000001c2d3e4f"
    assert discovery_topic(object_id(tmp_path)) == "homeassistant/device/emotion_edge_100000001c2d3e4f/config"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("hall", "hall"), ("Hall 2", "Hall_2"), ("a/b+c#", "a_b_c_"), ("", "device"), ("ü" * 100, "_" * 64)],
)
def test_a_name_for_people_becomes_one_for_topics(name: str, expected: str) -> None:
    assert topic_name(name) == expected
