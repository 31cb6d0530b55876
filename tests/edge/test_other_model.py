"""A model of other labels, all the way: photos, camera, log, export, report, page, broker."""

import csv
import json
from pathlib import Path

import pytest

from edge import Analyzer, settings
from edge.cameras import DEMO
from edge.errors import SettingsError
from edge.events.reader import open_reader
from tests.fakes import gateway
from tests.fakes.labelled import VALENCE, settings_file, write_model
from tests.fakes.live import HELLO, FakeDaemon
from tests.fakes.live_daemon import Looker, live_daemon
from tests.program import Program

LABELS = list(VALENCE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settings_file(tmp_path / "settings.toml", write_model(tmp_path / "valence.tflite"))


def test_a_program_of_ones_own_gets_its_labels(config: Path, demo_frames: list) -> None:
    analyzer = Analyzer(config)
    [face] = analyzer.analyze(demo_frames[0])
    assert list(analyzer.labels) == list(face.labels) == LABELS
    assert face.emotion == "positive" and face.score == face.probabilities[LABELS.index("positive")]


def test_photos_and_what_is_drawn_into_them(config: Path, program: Program, tmp_path: Path) -> None:
    done = program("analyze", DEMO, "--config", config, "--annotate", "boxes", "--output", "out.jsonl")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    faces = [face for line in lines for face in line["faces"]]
    assert {tuple(face["probabilities"]) for face in faces} == {tuple(LABELS)}
    assert {face["emotion"] for face in faces} >= {"positive", "neutral"}
    assert len(list((tmp_path / "boxes").iterdir())) == len(lines)


def test_a_watched_camera_its_log_and_its_report(config: Path, program: Program, tmp_path: Path) -> None:
    with live_daemon(tmp_path, "--config", config) as running, Looker(running.path) as looker:
        assert looker.next()["labels"] == LABELS
        while not (live := looker.next_live("watching"))["faces"]:
            pass
        assert list(live["faces"][0]["probabilities"]) == LABELS
        running.stop()
    log = next((tmp_path / "logs").glob("*.db"))
    done = program("export", "--log", log, "--output", "out.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows and {row["emotion"] for row in rows} <= set(LABELS)
    assert all(row["happy"] == "" and row["positive"] and row["surprise"] for row in rows)
    pytest.importorskip("plotly", reason="edge/requirements-report.txt is not installed")
    done = program("report", "--log", log, "--output", "report.html")
    assert done.returncode == 0, done.stderr
    assert rows[0]["emotion"] in (tmp_path / "report.html").read_text()


def test_two_models_in_one_log_and_the_page_about_it(config: Path, program: Program, tmp_path: Path) -> None:
    for arguments in (("--config", config), ()):
        done = program("run", "--source", DEMO, "--log", "emotions.db", *arguments)
        assert done.returncode == 0, done.stderr
    with gateway.rig(tmp_path, {"classifier": {"model": str(tmp_path / "valence.tflite")}}) as rig:
        found = rig.app.test_client().get("/api/history", headers=rig.bearer).json
        metrics = rig.app.test_client().get("/metrics", headers=rig.bearer).text
        page = rig.browser().get("/").text
        notice = rig.app.test_client().get("/notice").text
    assert set(found["totals"]) == {*LABELS, "happy"}
    assert found["totals"]["positive"]["seconds"] > 0 and found["totals"]["happy"]["seconds"] > 0
    assert set(found["seconds"]) == set(found["week"]) == set(found["totals"])
    assert 'emotion_edge_face_seconds_total{emotion="positive"}' in metrics
    assert '"negative": ["#' in page and '"surprise": ["#' not in page
    assert "negative, positive, neutral or surprise" in notice
    with open_reader(tmp_path / "emotions.db") as log:
        assert log.other_labels == ("negative", "positive")


def test_the_page_believes_the_daemon_more_than_the_settings(tmp_path: Path) -> None:
    with gateway.rig(tmp_path) as rig:
        assert "angry" in rig.gateway.labels
        with FakeDaemon(rig.socket, HELLO | {"labels": LABELS}), rig.gateway.client.watching():
            rig.gateway.client.settled(10)
            assert list(rig.gateway.labels) == LABELS


def test_a_rule_tells_of_the_labels_that_the_model_has(config: Path) -> None:
    rule = '[[notify]]\nwhen = "emotion"\nurls_file = "urls"\nemotions = ["{}"]\n'
    shipped = config.read_text()
    config.write_text(shipped + rule.format("negative"))
    assert settings.load(config).notify[0].emotions == ("negative",)
    config.write_text(shipped + rule.format("angry"))
    with pytest.raises(SettingsError, match=r"emotions\[0\] = 'angry': expected one of negative, positive, neutral"):
        settings.load(config)


@pytest.mark.parametrize("text", ["", "{}", '{"labels": ["happy"]}', '{"labels": "happy"}', "[" * 9999])
def test_a_manifest_that_the_daemon_refuses_stops_no_page(text: str, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(text)
    with gateway.rig(tmp_path, {"classifier": {"model": str(tmp_path / "model.tflite")}}) as rig:
        assert len(rig.gateway.labels) == 7
