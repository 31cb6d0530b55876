"""Two devices that speak to a hub, in order: by its README, out of their sandbox, through TLS, into its database.

A device shares the network of this machine, where a hub as systemd/hub configures it runs for Home Assistant, too.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import __version__
from tests.hub.engines import Hub, wait_until
from tests.hub.listener import Listener, listen
from tests.ssh import deploy
from tests.systemd.booted.installed import GATEWAY, SERVICE, STATE_FOLDER, main_pid
from tests.systemd.booted.machine import Machine, needs_containers
from tests.systemd.booted.page import PORT, SETTINGS, ask, token_of
from tests.systemd.booted.sandbox import devices_of, files_elsewhere, writable_folders

NAME = "hall"
ACTIVE = "systemctl is-active emotion-edge-gateway"
DEVICE_SETTINGS = """
[log]
commit_seconds = 2.0

[web]
listen = "127.0.0.1:{page}"

[mqtt]
host = "localhost"
port = {broker}
tls = true
ca = "/etc/emotion-edge/hub-ca.crt"
user = "hall"
name = "hall"
password_file = "/etc/emotion-edge/mqtt-password"
discovery = true
"""
PUT = "sudo install -m {mode} -g {group} /dev/stdin /etc/emotion-edge/{name}"

pytestmark = needs_containers


@pytest.fixture(scope="module")
def home_assistant(hub: Hub) -> Iterator[Listener]:
    """Listens to all, as Home Assistant's user."""
    listener = listen(hub, "homeassistant", "#")
    yield listener
    listener.close()


def put(pi: Machine, content: str, name: str, mode: int = 640, group: str = "emotion-edge") -> None:
    """A file of /etc/emotion-edge, by the command of the hub's README."""
    pi.output(f"{PUT.format(mode=mode, group=group, name=name)} <<'END'\n{content}\nEND")


def test_switched_on_with_a_hub_in_its_settings(pi: Machine, hub: Hub) -> None:
    done = deploy(pi.programs, "pi")
    assert done.returncode == 0, done.stdout
    put(pi, "word-of-hall", "mqtt-password")
    put(pi, hub.ca.read_text(), "hub-ca.crt", mode=644, group="root")
    put(pi, DEVICE_SETTINGS.format(page=PORT, broker=hub.port), Path(SETTINGS).name)
    pi.output("sudo systemctl restart emotion-edge && sudo emotion-edge gateway enable")
    assert pi.output(ACTIVE) == "active"


def test_it_is_there_with_its_state_and_home_assistant_knows_it(pi: Machine, home_assistant: Listener) -> None:
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[-1:] == [b"online"], "online")
    config = home_assistant.wait_for("/config")
    assert config["dev"]["name"] == "pi"
    assert config["stat_t"] == f"emotion-edge/{NAME}/state"
    state = home_assistant.wait_for(f"{NAME}/state", lambda state: state["faces"] > 0)
    assert state["camera"] == "watching"
    assert home_assistant.of("paused/state") == [b"OFF"]


def test_paused_by_home_assistant_an_episode_ends_and_reaches_the_database(
    pi: Machine, hub: Hub, home_assistant: Listener
) -> None:
    home_assistant.wait_for("/events")  # a face that lasts for one look only has an end alone
    home_assistant.client.publish(f"emotion-edge/{NAME}/paused/set", "ON", 1).wait_for_publish(10)
    wait_until(lambda: home_assistant.of("paused/state")[-1] == b"ON", "the pause")
    end = home_assistant.wait_for("/events", lambda event: event["type"] == "end")
    assert home_assistant.wait_for("/ha_event", lambda event: event["id"] == end["id"]) == end
    stored = f"SELECT emotion FROM episodes WHERE device = '{NAME}' AND id = '{end['id']}'"
    wait_until(lambda: hub.rows(stored), "the episode in the database")
    assert hub.rows(stored) == [(end["emotion"],)]
    assert hub.rows("SELECT count(*) FROM rejected") == [(0,)]
    home_assistant.client.publish(f"emotion-edge/{NAME}/paused/set", "OFF", 1).wait_for_publish(10)
    wait_until(lambda: home_assistant.of("paused/state")[-1] == b"OFF", "the end of the pause")


def test_its_figures_reach_the_database(pi: Machine, hub: Hub) -> None:
    figures = "SELECT version, disk_free_mb > 0, abs(clock_ahead_seconds) < 60 FROM stats WHERE device = 'hall'"
    wait_until(lambda: hub.rows(figures), "the figures")
    assert hub.rows(figures)[0] == (__version__, True, True)


def test_prometheus_reads_it_with_the_token_alone(pi: Machine) -> None:
    assert ask("/metrics").status == 401
    metrics = ask("/metrics", token_of(pi)).body.decode()
    assert "emotion_edge_mqtt_connected 1.0" in metrics
    assert "emotion_edge_frames_total" in metrics


def test_it_still_has_no_device_and_writes_into_the_state_folder_alone(pi: Machine) -> None:
    assert devices_of(pi, GATEWAY) == []
    folders = writable_folders(pi, GATEWAY)
    assert [folder for folder in folders if not folder.startswith(STATE_FOLDER)] == []
    assert files_elsewhere(pi) == ""
    assert json.loads(pi.output(f"sudo cat {STATE_FOLDER}/mqtt-cursor.json"))
    denied = pi.output(f"systemctl show {SERVICE} --property IPAddressDeny --value").split()
    assert sorted(denied) == ["0.0.0.0/0", "::/0"]


def test_a_broker_that_restarts_is_found_again(pi: Machine, hub: Hub, home_assistant: Listener) -> None:
    before = len(home_assistant.of(f"{NAME}/availability"))
    page = main_pid(pi, GATEWAY)
    hub.restart_broker()
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[before:][-1:] == [b"online"], "online again")
    assert main_pid(pi, GATEWAY) == page


def test_killed_it_is_offline_by_its_will_and_comes_back(pi: Machine, home_assistant: Listener) -> None:
    before = len(home_assistant.of(f"{NAME}/availability"))
    pi.output(f"sudo systemctl kill --signal=SIGKILL {GATEWAY}")
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[before:][:1] == [b"offline"], "offline")
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[-1] == b"online", "online again")


def test_without_the_daemon_it_is_offline(pi: Machine, home_assistant: Listener) -> None:
    pi.output("sudo systemctl stop emotion-edge")
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[-1] == b"offline", "offline")
    pi.output("sudo systemctl start emotion-edge")
    wait_until(lambda: home_assistant.of(f"{NAME}/availability")[-1] == b"online", "online again")


def test_forgotten_home_assistant_hears_of_it_no_more(pi: Machine, home_assistant: Listener) -> None:
    pi.output(f"sudo sed -i 's/discovery = true/discovery = false/' {SETTINGS} && sudo systemctl restart {GATEWAY}")
    pi.output("sudo emotion-edge mqtt forget")
    wait_until(lambda: home_assistant.of("/config")[-1] == b"", "an empty message, which removes the device")


def test_nothing_that_happened_left_a_traceback_or_the_password(pi: Machine) -> None:
    journal = pi.output(f"sudo journalctl --unit {GATEWAY} --unit {SERVICE} --no-pager")
    assert "connected to the MQTT broker localhost" in journal
    assert "Traceback" not in journal
    assert "word-of-hall" not in journal
