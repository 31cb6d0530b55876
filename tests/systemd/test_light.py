"""The pins of a light and a button: closed to the service until `emotion-edge light enable`."""

import os
import subprocess
from pathlib import Path

from tests.systemd.bundles import SYSTEMD, instead_of_main

DROP_IN = "etc/systemd/system/emotion-edge.service.d/light.conf"
PATHS = """
offline=no root=$ROOT opt=$ROOT/opt/emotion-edge releases=$opt/releases settings_dir=/etc/emotion-edge
unit=$ROOT/etc/systemd/system/emotion-edge.service light_conf=$unit.d/light.conf
"""
STAND_INS = {
    "bin/systemctl": 'echo "$*" >>"$CALLS"; case "$*" in try-restart*) exit "${FAILS:-0}";; esac',
    "bin/getent": 'exit "${NO_GROUP:-0}"',
    "opt/emotion-edge/current/.venv/bin/python": 'exit "${NO_LIBRARY:-0}"',
}


def run_live(root: Path, commands: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """`commands` of install.sh on a system under `root`; with what systemctl was asked for."""
    calls = root / "calls"
    calls.write_text("")
    for name, script in STAND_INS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    path_variable = f"{root / 'bin'}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path_variable, "CALLS": str(calls), "ROOT": str(root), **variables}
    script = instead_of_main(PATHS + commands)
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    return done, calls.read_text().splitlines()


def test_the_unit_opens_no_pin_by_itself() -> None:
    for unit in SYSTEMD.glob("*.service"):
        assert "gpio" not in unit.read_text()


def test_enable_opens_the_pins_to_the_service_and_restarts_it_where_it_runs(tmp_path: Path) -> None:
    done, calls = run_live(tmp_path, "enable_light")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / DROP_IN).read_text().splitlines()
    assert lines[1:] == ["[Service]", "DeviceAllow=char-gpiochip rw", "SupplementaryGroups=gpio"]
    assert calls == ["daemon-reload", "try-restart emotion-edge"]
    assert "[light]" in done.stdout


def test_disable_closes_them_and_leaves_other_drop_ins_alone(tmp_path: Path) -> None:
    run_live(tmp_path, "enable_light")
    other = (tmp_path / DROP_IN).with_name("override.conf")
    other.write_text("[Service]\n")
    done, calls = run_live(tmp_path, "disable_light")
    assert done.returncode == 0, done.stderr
    assert calls == ["daemon-reload", "try-restart emotion-edge"]
    assert list(other.parent.iterdir()) == [other]
    other.unlink()
    assert run_live(tmp_path, "disable_light")[0].returncode == 0
    assert not other.parent.exists()


def test_without_group_or_library_nothing_is_changed_and_the_remedy_is_said(tmp_path: Path) -> None:
    for variable, words in (("NO_GROUP", "no group gpio"), ("NO_LIBRARY", "apt install")):
        done, calls = run_live(tmp_path, "enable_light", **{variable: "2"})
        assert (done.returncode, calls) == (1, [])
        assert words in done.stderr
        assert not (tmp_path / DROP_IN).exists()


def test_a_service_that_does_not_get_ready_is_said(tmp_path: Path) -> None:
    done, _ = run_live(tmp_path, "enable_light", FAILS="1")
    assert done.returncode == 1
    assert "journalctl -u emotion-edge" in done.stderr


def test_enable_without_an_installed_release_says_so(tmp_path: Path) -> None:
    done, calls = run_live(tmp_path, "rm -r $opt; enable_light")
    assert (done.returncode, calls) == (1, [])
    assert "not installed" in done.stderr


def test_wrong_words_are_wrong_usage() -> None:
    for arguments in (["light"], ["light", "on"], ["--root", "/tmp", "light", "enable"]):
        done = subprocess.run([SYSTEMD / "install.sh", *arguments], capture_output=True, text=True)
        assert done.returncode == 2, done.stderr
