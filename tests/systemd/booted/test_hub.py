"""setup.sh on two fresh Debians, in order: run to the end, run again, used by devices, by Prometheus, by an operator.

A container shares the network of this machine, so the hub's own ports must be free here. Grafana is not in Debian, so
its files are not tried here.
"""

import json
import shlex
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.events.records import EpisodeRow
from edge.gateway.mqtt.payloads import Events, encode
from edge.settings import PROJECT
from tests.hub.engines import wait_until
from tests.hub.listener import Listener
from tests.systemd.booted.machine import Machine, needs_containers

PORTS = {"mosquitto": 8883, "postgresql": 5432, "prometheus": 9090, "alertmanager": 9093, "node": 9100, "hub": 9468}
UNITS = "mosquitto postgresql prometheus prometheus-alertmanager prometheus-node-exporter emotion-hub"
SETUP = "sudo systemd/hub/setup.sh hub.local"
CERTIFICATE = "/etc/mosquitto/certs/ca.crt"
START, END = "2026-11-28T05:00:00.250+00:00", "2026-11-28T05:00:08.250+00:00"
EPISODE = EpisodeRow(7, 1, 3, "happy", START, END, 0.0, 8.0, 9, 0.71, 0.83, 0.9, 1231, 1239)

pytestmark = needs_containers


@pytest.fixture(scope="module", autouse=True)
def checkout(pi: Machine) -> None:
    """Put the hub's files onto the machine `pi`, which plays the hub here."""
    for name, port in PORTS.items():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"port {port} ({name}) is taken on this machine, whose network the container shares")
    with subprocess.Popen(["tar", "-c", "-C", PROJECT, "systemd/hub"], stdout=subprocess.PIPE) as packing:
        subprocess.run([pi.programs / "ssh", "pi", "tar -x"], stdin=packing.stdout, check=True)


def query(pi: Machine, sql: str) -> str:
    psql = f"psql emotion_edge --no-align --tuples-only --command {shlex.quote(sql)}"
    return pi.output(f"cd / && sudo -u emotion-hub {psql}")


def prometheus(question: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORTS['prometheus']}/api/v1/{question}", timeout=20) as answer:
        return json.load(answer)["data"]


def client_of(pi: Machine, folder: Path, user: str, kind: str = "devices", password: str = "") -> mqtt.Client:
    """A client of the hub's broker with the password that add-device.sh made."""
    ca = folder / "ca.crt"
    ca.write_text(pi.output(f"cat {CERTIFICATE}"))
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=user)
    client.username_pw_set(user, password or pi.output(f"sudo cat /etc/emotion-hub/{kind}/{user}"))
    client.tls_set(ca_certs=str(ca))
    return client


@contextmanager
def listening(client: mqtt.Client, topic: str) -> Iterator[Listener]:
    listener = Listener(client, PORTS["mosquitto"], topic)
    try:
        yield listener
    finally:
        listener.close()


def send(client: mqtt.Client, topic: str, payload: bytes) -> bool:
    """Whether the broker acknowledged it; it throws out who publishes where it may not, or says nothing."""
    client.connect("localhost", PORTS["mosquitto"])
    client.loop_start()
    try:
        wait_until(client.is_connected, "the connection")
        sent = client.publish(topic, payload, qos=1)
        sent.wait_for_publish(10)
        return sent.is_published()
    except RuntimeError:  # thrown out meanwhile
        return False
    finally:
        client.disconnect()
        client.loop_stop()


def test_setup_runs_to_its_end_and_everything_is_active(pi: Machine) -> None:
    done = pi.run(SETUP)
    assert done.returncode == 0, done.stdout
    assert "The hub is ready" in done.stdout
    assert pi.output(f"systemctl is-active {UNITS}").split() == ["active"] * len(UNITS.split())
    assert pi.output("systemctl is-enabled emotion-hub emotion-hub-forget.timer").split() == ["enabled"] * 2


def test_again_it_keeps_certificate_passwords_and_rows(pi: Machine) -> None:
    kept = f"sudo sha256sum {CERTIFICATE} /etc/emotion-hub/ca.key /etc/mosquitto/passwd /etc/mosquitto/acl"
    query(pi, "INSERT INTO devices VALUES ('kept', true, now())")
    before = pi.output(kept)
    done = pi.run(SETUP)
    assert done.returncode == 0, done.stdout
    assert pi.output(kept) == before
    assert query(pi, "DELETE FROM devices WHERE name = 'kept' RETURNING name").split()[0] == "kept"


def test_what_a_device_sends_arrives_in_the_database(pi: Machine, tmp_path: Path) -> None:
    pi.output("sudo systemd/hub/add-device.sh hall cafe && sudo systemd/hub/add-device.sh --user viewer")
    event = Events("hall", "1c2d3e4f", details=False).message("end", EPISODE)
    with listening(client_of(pi, tmp_path, "viewer", "users"), "emotion-edge/#") as viewer:
        assert send(client_of(pi, tmp_path, "hall"), "emotion-edge/hall/events", encode(event))
        assert viewer.wait_for("hall/events") == event
    stored = "SELECT id, emotion, seconds FROM episodes WHERE device = 'hall'"
    wait_until(lambda: query(pi, stored) == "1c2d3e4f-1231|happy|8", "the episode")


def test_nobody_does_what_it_may_not(pi: Machine, tmp_path: Path) -> None:
    word = pi.output("sudo cat /etc/emotion-hub/devices/hall")
    with listening(client_of(pi, tmp_path, "viewer", "users"), "emotion-edge/#") as viewer:
        send(client_of(pi, tmp_path, "cafe"), "emotion-edge/hall/state", b'"forged"')
        assert send(client_of(pi, tmp_path, "hall"), "emotion-edge/hall/state", b'"own"')
        viewer.wait_for("hall/state", lambda state: state == "own")
        assert viewer.of("hall/state") == [b'"own"']
    for user, password in (("hall", "wrong"), ("stranger", "word")):
        assert refusal(client_of(pi, tmp_path, user, password=password)) == "Not authorized"
    pi.output("sudo systemd/hub/add-device.sh --remove hall")
    removed = partial(client_of, pi, tmp_path, "hall", password=word)
    wait_until(lambda: refusal(removed()) == "Not authorized", "the broker reads its users again")


def refusal(client: mqtt.Client) -> str:
    reasons: list[mqtt.ReasonCode] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: reasons.append(reason)
    client.connect("localhost", PORTS["mosquitto"])
    client.loop_start()
    wait_until(lambda: reasons, "an answer")
    client.disconnect()
    client.loop_stop()
    return str(reasons[0])


def test_prometheus_asks_collector_machine_and_devices(pi: Machine) -> None:
    line = '[{"targets": ["127.0.0.1:18770"], "labels": {"site": "museum"}}]'
    pi.output(f"echo {shlex.quote(line)} | sudo tee /etc/prometheus/devices/all.json")
    pi.output("echo a-token-of-all-the-pages | sudo tee /etc/prometheus/device-token")
    pi.output("sudo systemctl reload prometheus")

    def health() -> dict[str, str]:
        targets = prometheus("targets")["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in targets}

    expected = {"emotion-hub": "up", "node": "up", "emotion-edge": "down"}  # no device has a page here
    wait_until(lambda: health() == expected, f"{expected}; found {health()}")
    rules = [rule["name"] for group in prometheus("rules")["groups"] for rule in group["rules"]]
    assert {"DeviceGone", "CollectorGone"} <= set(rules)
    assert prometheus("alertmanagers")["activeAlertmanagers"]


def test_the_readmes_checks_of_prometheus_pass_there(pi: Machine) -> None:
    pi.output("sudo promtool check config /etc/prometheus/prometheus.yml")
    pi.output("promtool test rules systemd/hub/prometheus/rules_test.yml")
    pi.output("sudo amtool check-config /etc/prometheus/alertmanager.yml")
    pi.output("sudo systemctl reload prometheus prometheus-alertmanager")


def test_the_collector_runs_as_its_own_user_and_comes_back(pi: Machine) -> None:
    pid = pi.output("systemctl show emotion-hub --property MainPID --value")
    assert pi.output(f"stat --format %U /proc/{pid}") == "emotion-hub"
    pi.output("sudo systemctl kill --signal=SIGKILL emotion-hub")
    pi.wait_for(f"systemctl is-active emotion-hub && test $(systemctl show emotion-hub -P MainPID) != {pid}")
    pi.output("sudo systemctl start emotion-hub-forget")
    journal = pi.output("sudo journalctl --unit emotion-hub --no-pager")
    assert "connected to the broker" in journal
    assert "Traceback" not in journal


def test_where_timescaledb_is_loaded_stats_are_its_and_rows_stay(pi: Machine) -> None:
    if pi.release.name == "bookworm":
        pytest.skip("Debian 12 has no package of TimescaleDB")
    apt = "sudo DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends"
    pi.output(f"{apt} postgresql-17-timescaledb")
    load = "shared_preload_libraries = 'timescaledb'"
    pi.output(f"echo {shlex.quote(load)} | sudo tee /etc/postgresql/17/main/conf.d/timescaledb.conf")
    pi.output("sudo systemctl restart postgresql")
    query(pi, "INSERT INTO stats (device, received_utc) VALUES ('kept', now())")
    before = query(pi, "SELECT count(*) FROM stats")
    done = pi.run(SETUP)
    assert done.returncode == 0, done.stdout
    tables = query(pi, "SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1")
    assert tables == "stats"
    assert query(pi, "SELECT count(*) FROM stats") == before
