"""What Home Assistant is told, so that the device appears there by itself: one message with all of its entities.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery; checked with the schemas of Home Assistant 2026.2.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge import __version__
from edge.contract import LABELS
from edge.gateway.mqtt.payloads import NO_FACE, UNCERTAIN
from edge.gateway.mqtt.topics import Topics

STATE_SECONDS = 180  # without a state, of which one comes every 60 s, the entities are unavailable
STATS_SECONDS = 300
PROJECT_URL = "https://github.com/emotion-edge/emotion-edge"

Entity = dict[str, Any]


@dataclass(frozen=True)
class Device:
    """What is said about the device itself."""

    object_id: str
    name: str
    """for people"""
    model: str
    """the board"""
    page_url: str
    """empty where the page is for this machine alone"""


def payload(device: Device, topics: Topics, labels: Sequence[str] = LABELS) -> dict[str, Any]:
    """`labels` are the model's."""
    entities = _seen(topics, labels) | _switch(topics) | _figures(topics)
    for key, entity in entities.items():
        entity["unique_id"] = f"{device.object_id}_{key}"
    return {
        "dev": _device(device),
        "o": {"name": "emotion-edge", "sw": __version__},
        "stat_t": topics.state,
        "cmps": entities,
    }


def _device(device: Device) -> dict[str, Any]:
    found = {
        "ids": [device.object_id],
        "name": device.name,
        "mf": "emotion-edge",
        "mdl": device.model,
        "sw": __version__,
    }
    return found | ({"cu": device.page_url} if device.page_url else {})


def _seen(topics: Topics, labels: Sequence[str]) -> dict[str, Entity]:
    """What the camera sees, unavailable while nobody watches or the camera is paused."""
    seen = {
        "exp_aft": STATE_SECONDS,
        "avty_mode": "all",
        "avty": [_availability(topics), {"t": topics.paused, "pl_avail": "OFF", "pl_not_avail": "ON"}],
    }
    return {
        "emotion": seen
        | {
            "p": "sensor",
            "name": "Expression",
            "dev_cla": "enum",
            "ops": [*labels, UNCERTAIN, NO_FACE],
            "val_tpl": "{{ value_json.emotion }}",
        },
        "occupied": seen
        | {
            "p": "binary_sensor",
            "name": None,
            "dev_cla": "occupancy",
            "val_tpl": "{{ 'ON' if value_json.faces > 0 else 'OFF' }}",
        },
        "faces": seen
        | {
            "p": "sensor",
            "name": "Faces",
            "stat_cla": "measurement",
            "sug_dsp_prc": 0,
            "val_tpl": "{{ value_json.faces }}",
        },
        "camera": {
            "p": "binary_sensor",
            "name": "Camera",
            "dev_cla": "problem",
            "ent_cat": "diagnostic",
            "avty": [_availability(topics)],
            "val_tpl": "{{ 'ON' if value_json.camera in ('waiting', 'ended') else 'OFF' }}",
        },
    }


def _switch(topics: Topics) -> dict[str, Entity]:
    available = [_availability(topics)]
    return {
        "paused": {
            "p": "switch",
            "name": "Pause",
            "stat_t": topics.paused,
            "cmd_t": topics.pause,
            "qos": 1,
            "ret": False,
            "avty": available,
        },
        "episode": {"p": "event", "name": "Episode", "stat_t": topics.ha_event, "evt_typ": ["end"], "avty": available},
    }


def _figures(topics: Topics) -> dict[str, Entity]:
    """The machine's own: they are there also while the camera service is not."""
    figure = {"ent_cat": "diagnostic", "stat_t": topics.stats, "exp_aft": STATS_SECONDS}
    return {
        "temperature": figure
        | {
            "p": "sensor",
            "dev_cla": "temperature",
            "unit_of_meas": "°C",
            "stat_cla": "measurement",
            "val_tpl": "{{ value_json.temperature_celsius }}",
        },
        "fps": figure
        | {
            "p": "sensor",
            "name": "Frames a second",
            "unit_of_meas": "fps",
            "stat_cla": "measurement",
            "val_tpl": "{{ value_json.frames_per_second }}",
            "en": False,
        },
        "undervoltage": figure
        | {
            "p": "binary_sensor",
            "name": "Under-voltage",
            "dev_cla": "problem",
            "val_tpl": "{{ None if value_json.undervoltage is none else 'ON' if value_json.undervoltage else 'OFF' }}",
        },
    }


def _availability(topics: Topics) -> dict[str, str]:
    return {"t": topics.availability}
