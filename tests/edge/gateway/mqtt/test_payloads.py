"""PAYLOADS.md says what is really sent: its tables against real messages."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

import edge.gateway.mqtt
from edge.daemon.live_view import State
from edge.events.records import EpisodeRow
from edge.gateway.live import Snapshot
from edge.gateway.mqtt.figures import Figures
from edge.gateway.mqtt.payloads import Events, state
from edge.gateway.mqtt.topics import HOME_ASSISTANT_STATUS, Topics, discovery_topic
from tests.fakes.gateway import Rig
from tests.fakes.live import HELLO, face, live

TEXT = (Path(edge.gateway.mqtt.__file__).parent / "PAYLOADS.md").read_text()
TYPES: dict[str, type] = {"text": str, "number": float, "integer": int, "boolean": bool, "list": list}
NEWEST = Snapshot(connected=True, hello=HELLO, live=live(41, log_rows_lost_total=0))
ROW = EpisodeRow(1, 1, 3, "sad", *["2026-11-28T05:24:14.250+00:00"] * 2, 1.0, 3.5, 3, 0.7, 0.9, 1.0, 12, 14)


def rows(section: str) -> list[list[str]]:
    """Cells of the table in a section of the document."""
    part = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    [text] = [one for one in part if one.partition("\n")[0] == section]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def check(section: str, message: dict[str, Any], *given: str) -> None:
    """Exactly the fields of the table are there, those with a condition only where it is `given`."""
    documented = {}
    for field, kind, condition, _ in rows(section):
        if not condition or set(condition.replace("`", "").split(", ")) & set(given):
            documented[field] = kind
    assert set(message) == set(documented)
    for field, kind in documented.items():
        value = message[field]
        if value is None:
            assert kind.endswith(" or null"), field
            continue
        expected = TYPES[kind.removesuffix(" or null")]
        assert isinstance(value, int | float if expected is float else expected), (field, value)
        assert expected is bool or not isinstance(value, bool), (field, value)


@pytest.mark.parametrize("camera", get_args(State))
@pytest.mark.parametrize("details", [False, True])
def test_a_state_is_as_documented(camera: str, details: bool) -> None:
    seen = live(1, [face(), face(2, "sad", 0.4, certain=False)], camera={"state": camera, "text": "", "name": ""})
    check("state", state(seen, details), *(["details"] if details else []))
    assert f"`{camera}`" in TEXT


@pytest.mark.parametrize("kind", ["new", "update", "end"])
@pytest.mark.parametrize("details", [False, True])
def test_an_event_is_as_documented(kind: Any, details: bool) -> None:
    message = Events("Hall", "1c2d3e4f", details).message(kind, ROW)
    check("events, ha_event", message, kind, *(["details"] if details else []))
    assert message["id"] == "1c2d3e4f-12"


@pytest.mark.parametrize("snapshot", [NEWEST, Snapshot()])
def test_the_figures_are_as_documented(rig: Rig, snapshot: Snapshot) -> None:
    check("stats", Figures(rig.gateway, lambda: 0).make(snapshot))


def test_every_topic_is_documented() -> None:
    documented = set(re.findall(r"^\| `([\w/-]+)` \|", TEXT.partition("## state")[0], flags=re.MULTILINE))
    topics = Topics("NAME")
    properties = [name for name in vars(Topics) if isinstance(getattr(Topics, name), property)]
    ours = {getattr(topics, name) for name in properties}
    assert documented == ours | {discovery_topic("ID"), HOME_ASSISTANT_STATUS}
