"""The tables, the simulator and the promised metrics against what the gateway really makes."""

import re
from pathlib import Path
from typing import Any

import pytest

from edge.events.records import EpisodeRow
from edge.gateway import metrics
from edge.gateway.live import Snapshot
from edge.gateway.mqtt.figures import Figures
from edge.gateway.mqtt.payloads import Events, encode
from tests.fakes import gateway
from tests.fakes.live import HELLO, live
from tests.fleet.device import FIGURES
from tests.hub.engines import HUB, Hub, wait_until
from tests.hub.publisher import connected

PAGE = (HUB / "PAYLOADS.md").read_text()
START, END = "2026-11-28T05:00:00.250+00:00", "2026-11-28T05:00:08.250+00:00"
EPISODE = EpisodeRow(7, 1, 3, "happy", START, END, 0.0, 8.0, 9, 0.71, 0.83, 0.9, 1231, 1239)


def event() -> dict[str, Any]:
    return Events("hall", "1c2d3e4f", details=True).message("end", EPISODE)


@pytest.fixture
def figures(tmp_path: Path) -> dict[str, Any]:
    """What the gateway measures on this machine."""
    with gateway.rig(tmp_path) as rig:
        return Figures(rig.gateway, lambda: 2).make(Snapshot(hello=HELLO, live=live(log_rows_lost_total=0)))


def test_the_page_names_metrics_that_there_are() -> None:
    source = Path(metrics.__file__).read_text()
    made = {f"emotion_edge_{name}" for name in re.findall(r'gauge\("(\w+)"', source)}
    made |= {f"emotion_edge_{name}_total" for name in re.findall(r'counter\("(\w+)"', source)}
    promised = set(re.findall(r"^\| `(emotion_edge_\w+)`", PAGE, re.MULTILINE))
    assert promised - {"emotion_edge_info"} <= made


def test_the_simulated_devices_measure_what_real_ones_do(figures: dict[str, Any]) -> None:
    assert list(FIGURES) == [name for name in figures if name != "sent_utc"]


def test_what_the_gateway_sends_is_stored_field_by_field(hub: Hub, figures: dict[str, Any]) -> None:
    """None is left out but what is the topic's, or the same in all rows."""
    with connected(hub, "hall") as device:
        device.send("emotion-edge/hall/stats", encode(figures), qos=0)
        device.send("emotion-edge/hall/events", encode(event()))
    query = "SELECT to_jsonb({table}) FROM {table} WHERE device = 'hall' AND {which}"
    sent = [event(), figures]
    queries = [
        query.format(table="episodes", which="id = '1c2d3e4f-1231'"),
        query.format(table="stats", which="episodes_deleted_unsent = 2"),
    ]
    for values, wanted in zip(sent, queries, strict=True):
        wait_until(lambda wanted=wanted: hub.rows(wanted), wanted)
        [(row,)] = hub.rows(wanted)
        assert set(values) - set(row) <= {"type", "event_type", "sent_utc"}
        same = [name for name in values if name in row and not name.endswith("_utc")]
        assert {name: row[name] for name in same} == {name: values[name] for name in same}


def test_a_device_that_is_forgotten_is_offline_and_no_fault(hub: Hub) -> None:
    with connected(hub, "stairs") as device:
        for word in (b"online", b""):
            device.send("emotion-edge/stairs/availability", word)
    wait_until(lambda: hub.rows("SELECT 1 FROM devices WHERE name = 'stairs' AND NOT online"), "offline")
    assert hub.rows("SELECT * FROM rejected WHERE topic = 'emotion-edge/stairs/availability'") == []
