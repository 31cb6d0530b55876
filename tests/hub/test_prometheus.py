"""Prometheus, its rules, Alertmanager: by their own tools, on the files as they are shipped."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hub.engines import HUB
from tests.hub.processes import find, missing

PROMETHEUS = HUB / "prometheus"
needs_promtool = pytest.mark.skipif(
    bool(missing("promtool")), reason="promtool is not installed (apt install prometheus)"
)
needs_amtool = pytest.mark.skipif(
    bool(missing("amtool")), reason="amtool is not installed (apt install prometheus-alertmanager)"
)


def call(program: str, *arguments: str | Path) -> str:
    command = [find(program) or program, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


@needs_promtool
def test_the_configuration_is_valid(tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    (tmp_path / "prometheus/device-token").write_text("a token")
    call("promtool", "check", "config", tmp_path / "prometheus/prometheus.yml")


@needs_promtool
def test_every_alert_fires_when_it_should_and_only_then() -> None:
    call("promtool", "test", "rules", PROMETHEUS / "rules_test.yml")


def test_every_alert_is_tried_and_says_what_to_do() -> None:
    rules = (PROMETHEUS / "rules.yml").read_text()
    alerts = re.findall(r"alert: (\w+)", rules)
    tried = set(re.findall(r"alertname: (\w+)", (PROMETHEUS / "rules_test.yml").read_text()))
    assert set(alerts) == tried
    assert rules.count("summary:") == rules.count("do:") == len(alerts)


def test_every_metric_of_the_rules_is_promised() -> None:
    """By the gateway in PAYLOADS.md, or by the collector's source."""
    promised = set(re.findall(r"`(emotion_edge_\w+)`", (HUB / "PAYLOADS.md").read_text()))
    source = (HUB / "emotion_hub/__main__.py").read_text()
    promised |= {f"{name}_total" for name in re.findall(r'"(emotion_hub_\w+)"', source)}
    used = set(re.findall(r"\b(emotion_(?:edge|hub)_\w+)", (PROMETHEUS / "rules.yml").read_text()))
    assert used <= promised


@needs_amtool
def test_alertmanagers_configuration_is_valid() -> None:
    call("amtool", "check-config", PROMETHEUS / "alertmanager.yml")
