"""The hub's playbook on two devices, in order: installed, the same again, upgraded. By ssh, as from the hub."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge.settings import PROJECT
from tests.hub.ansible import needs_ansible, play
from tests.hub.engines import HUB, Hub, wait_until
from tests.hub.listener import listen
from tests.systemd.booted.installed import CURRENT, GATEWAY, SERVICE, main_pid, other_release
from tests.systemd.booted.machine import Machine, needs_containers

INVENTORY = """
[devices]
hall ansible_host=pi

[devices:vars]
ansible_python_interpreter=/usr/bin/python3
ansible_ssh_executable={programs}/ssh
ansible_ssh_transfer_method=piped
hub=localhost
"""

pytestmark = [*needs_containers, needs_ansible]


class Desk:
    """Where the operator of the hub sits, with all that the playbook wants."""

    def __init__(self, pi: Machine, hub: Hub, folder: Path) -> None:
        self._folder = folder
        self._ca = hub.ca
        (folder / "inventory.ini").write_text(INVENTORY.format(programs=pi.programs))
        (folder / "passwords").mkdir()
        (folder / "passwords/hall").write_text("word-of-hall\n")
        template = (HUB / "ansible/settings.toml.j2").read_text()
        (folder / "settings.j2").write_text(template.replace("tls = true", f"tls = true\nport = {hub.port}"))

    def bundle(self, project: Path) -> Path:
        command = [sys.executable, "-m", "convert", "bundle", "--out", str(self._folder / project.name)]
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
        [archive] = (self._folder / project.name).glob("*.tar.gz")
        return archive

    def play(self, bundle: Path) -> subprocess.CompletedProcess[str]:
        values = {
            "bundle": bundle,
            "passwords": self._folder / "passwords",
            "ca": self._ca,
            "settings": self._folder / "settings.j2",
        }
        words = " ".join(f"{name}={value}" for name, value in values.items())
        return play("--inventory", self._folder / "inventory.ini", "--extra-vars", words)


@pytest.fixture(scope="module")
def desk(pi: Machine, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(pi, hub, tmp_path_factory.mktemp("desk"))


def test_it_installs_a_device_that_speaks_to_the_hub(pi: Machine, hub: Hub, desk: Desk) -> None:
    done = desk.play(desk.bundle(PROJECT))
    assert done.returncode == 0, done.stdout
    for unit in (SERVICE, GATEWAY):
        assert pi.output(f"systemctl is-active {unit}") == "active"
        assert pi.output(f"systemctl is-enabled {unit}") == "enabled"
    modes = pi.output("sudo stat --format '%n %U %G %a' /etc/emotion-edge/* | sort").splitlines()
    assert [line.split("/")[-1] for line in modes] == [
        "hub-ca.crt root root 644",
        "mqtt-password root emotion-edge 640",
        "settings.toml root emotion-edge 640",
    ]
    listener = listen(hub, "viewer", "emotion-edge/hall/availability")
    wait_until(lambda: listener.messages[-1:] == [("emotion-edge/hall/availability", b"online")], "online")
    listener.close()
    assert pi.output("ls -d /tmp/emotion-edge-* /var/tmp/emotion-edge-* 2>/dev/null | wc -l") == "0"


def test_the_same_again_changes_nothing_and_restarts_nothing(pi: Machine, desk: Desk) -> None:
    before = [main_pid(pi, unit) for unit in (SERVICE, GATEWAY)]
    done = desk.play(desk.bundle(PROJECT))
    assert done.returncode == 0, done.stdout
    assert "changed=0" in done.stdout, done.stdout
    assert [main_pid(pi, unit) for unit in (SERVICE, GATEWAY)] == before


def test_another_release_is_an_upgrade_which_restarts_both(pi: Machine, desk: Desk, tmp_path: Path) -> None:
    before = {unit: main_pid(pi, unit) for unit in (SERVICE, GATEWAY)}
    release = pi.output(f"readlink {CURRENT}")
    done = desk.play(desk.bundle(other_release(tmp_path / "newer", "# as good as the one before")))
    assert done.returncode == 0, done.stdout
    assert pi.output(f"readlink {CURRENT}") != release
    for unit, pid in before.items():
        assert pi.output(f"systemctl is-active {unit}") == "active"
        assert main_pid(pi, unit) != pid


def test_a_release_that_does_not_get_ready_fails_the_play_and_the_one_before_runs(
    pi: Machine, desk: Desk, tmp_path: Path
) -> None:
    release = pi.output(f"readlink {CURRENT}")
    done = desk.play(desk.bundle(other_release(tmp_path / "broken", 'raise RuntimeError("broken")')))
    assert done.returncode != 0
    assert "did not get ready" in done.stdout, done.stdout
    assert pi.output(f"readlink {CURRENT}") == release
    assert pi.output("systemctl is-active emotion-edge") == "active"
