"""What Prometheus reads, by promtool where it is installed."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.contract import LABELS
from edge.gateway.metrics import BOUNDS_SECONDS
from edge.vision import stage_times
from edge.vision.stage_times import StageTimes
from tests.fakes.eventlog import fill
from tests.fakes.gateway import Rig
from tests.fakes.live import FakeDaemon, face, live

PROMTOOL = shutil.which("promtool")
ALERTED = {
    "emotion_edge_disk_free_bytes",
    "emotion_edge_clock_synchronized",
    "emotion_edge_frames_total",
    "emotion_edge_paused",
    "emotion_edge_log_rows_lost_total",
    "emotion_edge_info",
}
"""what alert rules read, on any machine"""


def counted() -> dict[str, object]:
    """What a daemon of this version says beside the rest."""
    times = StageTimes()
    for milliseconds in (0.1, 3.0, 4.0, 2000.0):
        times.add("detect", milliseconds / 1000)
    return {"detections_total": 4, "stage_seconds": times.message(), "log_rows_lost_total": 7}


@pytest.fixture
def scrape(rig: Rig) -> Callable[[], dict[str, str]]:
    def scrape() -> dict[str, str]:
        answer = rig.app.test_client().get("/metrics", headers=rig.bearer)
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=0.0.4")
        if PROMTOOL:
            done = subprocess.run([PROMTOOL, "check", "metrics"], input=answer.data, capture_output=True)
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
        return {name: value for name, _, value in (line.rpartition(" ") for line in lines)}

    return scrape


def test_all_is_told_of_a_daemon_and_its_log(
    rig: Rig, daemon: FakeDaemon, scrape: Callable[[], dict[str, str]]
) -> None:
    fill(rig.folder / "emotions.db", 100)
    daemon.say(live(41, [face(), face(2, "sad")], dropped=3, **counted()))
    found = scrape()
    assert {name.partition("{")[0] for name in found} >= ALERTED
    expected = {
        "emotion_edge_daemon_connected": 1,
        "emotion_edge_frames_total": 41,
        "emotion_edge_frames_dropped_total": 3,
        "emotion_edge_faces": 2,
        "emotion_edge_paused": 0,
        "emotion_edge_detections_total": 4,
        "emotion_edge_log_rows": 100,
        "emotion_edge_log_rows_lost_total": 7,
        'emotion_edge_camera_state{state="watching"}': 1,
        'emotion_edge_camera_state{state="waiting"}': 0,
        'emotion_edge_episodes_total{emotion="angry"}': 2,
        'emotion_edge_episodes_total{emotion="neutral"}': 1,
        'emotion_edge_face_seconds_total{emotion="angry"}': 20,
        'emotion_edge_stage_seconds_bucket{le="0.00025",stage="detect"}': 1,
        'emotion_edge_stage_seconds_bucket{le="0.0025",stage="detect"}': 1,
        'emotion_edge_stage_seconds_bucket{le="0.005",stage="detect"}': 3,
        'emotion_edge_stage_seconds_bucket{le="+Inf",stage="detect"}': 4,
        'emotion_edge_stage_seconds_count{stage="detect"}': 4,
    }
    assert {name: float(found[name]) for name in expected} == expected
    assert float(found['emotion_edge_stage_seconds_sum{stage="detect"}']) == pytest.approx(2.0071)


def test_without_a_daemon_and_a_log_the_machine_is_told(scrape: Callable[[], dict[str, str]]) -> None:
    found = scrape()
    assert float(found["emotion_edge_daemon_connected"]) == 0
    assert float(found["emotion_edge_disk_free_bytes"]) > 0
    assert not [name for name in found if name.startswith(("emotion_edge_frames", "emotion_edge_log_rows"))]


def test_a_daemon_of_an_older_version_has_no_stages(daemon: FakeDaemon, scrape: Callable[[], dict[str, str]]) -> None:
    found = scrape()
    assert "emotion_edge_frames_total" in found
    assert "emotion_edge_detections_total" not in found


def test_labels_are_bounded_and_hold_no_face(
    rig: Rig, daemon: FakeDaemon, scrape: Callable[[], dict[str, str]]
) -> None:
    fill(rig.folder / "emotions.db", 600)
    daemon.say(live(1, [face(98765)], **counted()))
    found = " ".join(scrape())
    assert set(re.findall(r'emotion="(\w+)"', found)) == set(LABELS)
    assert set(re.findall(r'(\w+)="', found)) == {"emotion", "stage", "le", "state", "version", "model"}
    assert "98765" not in found


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_the_token_nothing_is_told(rig: Rig, headers: dict[str, str]) -> None:
    assert rig.app.test_client().get("/metrics", headers=headers).status_code == 401


def test_the_bounds_are_those_that_the_daemon_counts_by() -> None:
    assert tuple(map(float, BOUNDS_SECONDS)) == stage_times.BOUNDS_SECONDS


def test_health_for_machines(rig: Rig, tmp_path: Path) -> None:
    client = rig.app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    answer = client.get("/healthz?daemon=1")
    assert (answer.status_code, answer.json) == (503, {"status": "no daemon"})
    with FakeDaemon(rig.socket) as daemon:
        daemon.wait_for(lambda: daemon.clients == 1)
        assert client.get("/healthz?daemon=1").status_code == 200
