"""The playbook: its syntax, and a run on this machine with a stand-in for the bundle, under a root of its own."""

import json
import shutil
import tarfile
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from edge import __version__, settings
from edge.settings import PROJECT
from tests.hub.ansible import needs_ansible, play
from tests.hub.engines import HUB

INSTALL = r"""#!/bin/sh
# Stands in for install.sh: --root DIR [--with-gateway].
opt=$2/opt/emotion-edge
echo "install.sh $3" >>"$2/calls"
unit=$2/etc/systemd/system/emotion-edge-gateway.service
[ "$3" != --with-gateway ] || { mkdir -p "${unit%/*}" "$2/var/lib/emotion-edge"; touch "$unit"; }
[ ! -e "$opt/current" ] || { echo "emotion-edge is already installed."; exit 0; }
mkdir -p "$opt/current/.venv/bin" "$2/etc/emotion-edge"
cp -r "$(dirname "$0")/edge" "$opt/current"
printf '#!/bin/sh\nexec PYTHON "$@"\n' >"$opt/current/.venv/bin/python"
chmod +x "$opt/current/.venv/bin/python"
[ ! -e "$2/refuse" ] || exit 1
"""
pytestmark = needs_ansible


class Devices:
    """Two devices, each a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = ["[devices]"]
        for name in ("hall", "cafe"):
            (folder / name).mkdir()
            lines.append(
                f"{name} ansible_connection=local ansible_python_interpreter=/usr/bin/python3 root={folder}/{name}"
            )
        (folder / "inventory").write_text("\n".join(lines) + "\n")
        (folder / "passwords").mkdir()
        for name in ("hall", "cafe"):
            (folder / "passwords" / name).write_text(f"word-of-{name}")
        (folder / "ca.crt").write_text("a certificate")
        (folder / "settings.toml.j2").write_text("# {{ inventory_hostname }}\n[log]\ncommit_seconds = 5.0\n")
        self._pack()

    def _pack(self) -> None:
        release = self.folder / f"emotion-edge-{__version__}"
        shutil.copytree(PROJECT / "edge", release / "edge", ignore=shutil.ignore_patterns("__pycache__"))
        (release / "install.sh").write_text(INSTALL.replace("PYTHON", str(PROJECT / ".venv-edge/bin/python")))
        (release / "install.sh").chmod(0o755)
        with tarfile.open(self.folder / "bundle.tar.gz", "w:gz") as archive:
            archive.add(release, release.name)

    def install(self, **more: object) -> CompletedProcess[str]:
        values = {
            "bundle": self.folder / "bundle.tar.gz",
            "passwords": self.folder / "passwords",
            "ca": self.folder / "ca.crt",
        }
        values["settings"] = self.folder / "settings.toml.j2"
        values |= {"operator": "The museum", "contact": "museum@example.org", "ansible_become": "false"} | more
        words = json.dumps({key: str(value) for key, value in values.items()})
        return play("--inventory", self.folder / "inventory", "--extra-vars", words)

    def file(self, device: str, name: str) -> Path:
        return self.folder / device / "etc/emotion-edge" / name


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Devices:
    """Installed by the first test, for all that follow: a play takes ten seconds of a processor."""
    if not (PROJECT / ".venv-edge/bin/python").exists():
        pytest.skip("no .venv-edge, whose Python checks the settings")
    return Devices(tmp_path_factory.mktemp("devices"))


def test_the_syntax_is_right() -> None:
    done = play("--syntax-check", "--inventory", HUB / "ansible/inventory.example.ini")
    assert done.returncode == 0, done.stdout


def test_without_a_bundle_it_says_how_to_make_one(devices: Devices) -> None:
    done = play("--inventory", devices.folder / "inventory", "--extra-vars", "ansible_become=false")
    assert done.returncode != 0
    assert "python -m convert bundle" in done.stdout


def test_after_a_failure_no_further_device_is_touched(devices: Devices) -> None:
    (devices.folder / "hall/refuse").touch()
    done = devices.install()
    assert done.returncode != 0
    assert not (devices.folder / "cafe/opt").exists()
    (devices.folder / "hall/refuse").unlink()
    shutil.rmtree(devices.folder / "hall/opt")


def test_every_device_gets_the_release_its_settings_and_its_own_password(devices: Devices) -> None:
    done = devices.install()
    assert done.returncode == 0, done.stdout
    for name in ("hall", "cafe"):
        assert f"# {name}" in devices.file(name, "settings.toml").read_text()
        assert devices.file(name, "mqtt-password").read_text() == f"word-of-{name}"
        assert devices.file(name, "mqtt-password").stat().st_mode & 0o777 == 0o640
        assert devices.file(name, "hub-ca.crt").exists()
    assert "word-of" not in done.stdout


def test_the_same_again_changes_nothing_and_leaves_the_gateway_as_it_is(devices: Devices) -> None:
    again = devices.install()
    assert again.returncode == 0, again.stdout
    assert again.stdout.count("changed=0") == 2, again.stdout
    calls = (devices.folder / "cafe/calls").read_text().splitlines()
    assert calls == ["install.sh --with-gateway", "install.sh "]


def test_wrong_settings_reach_no_device(devices: Devices) -> None:
    before = devices.file("hall", "settings.toml").read_text()
    wrong = devices.folder / "wrong.toml"
    wrong.write_text("[camera]\nwidht = 640\n")
    done = devices.install(settings=wrong)
    assert done.returncode != 0
    assert "widht" in done.stdout
    assert devices.file("hall", "settings.toml").read_text() == before


def test_the_shipped_template_names_the_hub_and_gives_the_pages_prometheus_token(devices: Devices) -> None:
    token = devices.folder / "device-token"
    token.write_text("t" * 43)
    more = {"settings": HUB / "ansible/settings.toml.j2", "hub": "hub.local", "listen": "0.0.0.0:8770", "token": token}
    operator = 'The "Museum" \\ Zürich'
    done = devices.install(**more, operator=operator)
    assert done.returncode == 0, done.stdout
    made = settings.load(devices.file("cafe", "settings.toml"))
    assert (made.device.name, made.notice.operator, made.web.listen) == ("cafe", operator, "0.0.0.0:8770")
    assert (made.mqtt.host, made.mqtt.user, made.mqtt.name, made.mqtt.broker_port) == (
        "hub.local",
        "cafe",
        "cafe",
        8883,
    )
    assert (made.mqtt.tls, made.mqtt.ca) == (True, "/etc/emotion-edge/hub-ca.crt")
    page = devices.folder / "cafe/var/lib/emotion-edge/web-token"
    assert (page.read_text(), page.stat().st_mode & 0o777) == ("t" * 43, 0o600)
    assert "ttt" not in done.stdout
