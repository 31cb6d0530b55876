"""The life of two devices, in order: deployed to, upgraded, hurt, paused, removed."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.settings import PROJECT
from tests.ssh import deploy
from tests.systemd.booted.machine import PROGRAMS, Machine
from tests.systemd.booted.releases import RELEASES

CURRENT = "/opt/emotion-edge/current"
LOG = "/var/lib/emotion-edge/emotions.db"
COUNT = f"import sqlite3; print(*sqlite3.connect('{LOG}').execute('SELECT count(*) FROM observations').fetchone())"
ROWS = f'sudo python3 -c "{COUNT}"'
APT_NUMPY = "python3 -c 'import numpy; print(numpy.__version__)'"
STATE = "systemctl show emotion-edge --property {} --value"

missing = [program for program in (*PROGRAMS, "ssh") if not shutil.which(program)]
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="booting a container needs root"),
    pytest.mark.skipif(
        bool(missing), reason=f"{', '.join(missing)}: apt install debootstrap systemd-container openssh-client"
    ),
]


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.name)
def pi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(request.param, tmp_path_factory.mktemp("pi")) as machine:
        yield machine


def main_pid(pi: Machine) -> str:
    return pi.output(STATE.format("MainPID"))


def wait_for_rows(pi: Machine, more_than: int = 0) -> None:
    pi.wait_for(f"test $({ROWS}) -gt {more_than}")


def test_deploy_installs_a_service_that_logs(pi: Machine) -> None:
    done = deploy(pi.programs, "pi")
    assert done.returncode == 0, done.stdout
    assert "Installed emotion-edge" in done.stdout
    assert pi.output("systemctl is-active emotion-edge") == "active"
    assert pi.output("systemctl is-enabled emotion-edge") == "enabled"
    wait_for_rows(pi)
    assert pi.output("ls -d /tmp/tmp.* 2>/dev/null | wc -l") == "0"  # the unpacked archive is gone


def test_runs_as_its_own_user_in_its_sandbox_with_apts_numpy(pi: Machine) -> None:
    pid = main_pid(pi)
    assert pi.output(f"stat --format %U /proc/{pid}") == "emotion-edge"
    assert pi.output(f"grep -h NoNewPrivs: /proc/{pid}/status").split()[-1] == "1"
    assert pi.output("sudo stat --format '%U %G %a' /etc/emotion-edge/settings.toml") == "root emotion-edge 640"
    assert pi.output(f"cat {CURRENT}/constraints.txt") == f"numpy=={pi.output(APT_NUMPY)}"
    assert "XNNPACK" in pi.output("sudo journalctl --unit emotion-edge --no-pager")


def test_the_same_release_again_restarts_nothing(pi: Machine) -> None:
    before = main_pid(pi)
    done = deploy(pi.programs, "pi")
    assert (done.returncode, "already installed" in done.stdout) == (0, True), done.stdout
    assert main_pid(pi) == before


def other_release(folder: Path, line: str) -> Path:
    """This project with one line more in its service."""
    for part in ("convert", "edge", "models", "systemd", "train"):
        shutil.copytree(PROJECT / part, folder / part)
    for part in ("LICENSE", "README.md", "requirements-edge.txt"):
        shutil.copy(PROJECT / part, folder)
    with (folder / "edge/daemon/service.py").open("a") as service:
        service.write(f"\n{line}\n")
    return folder


def test_a_release_that_does_not_get_ready_gives_way_to_the_one_before(pi: Machine, tmp_path: Path) -> None:
    before = pi.output(f"readlink {CURRENT}")
    rows = int(pi.output(ROWS))
    done = deploy(pi.programs, "pi", project=other_release(tmp_path, 'raise RuntimeError("broken")'))
    assert done.returncode == 1, done.stdout
    assert re.search(r"did not get ready; .* runs again", done.stdout), done.stdout
    assert pi.output(f"readlink {CURRENT}") == before
    assert pi.output("systemctl is-active emotion-edge") == "active"
    assert pi.output("ls /opt/emotion-edge/releases").split() == [Path(before).name]
    wait_for_rows(pi, rows)


def test_an_upgrade_without_a_camera_says_that_neither_runs_and_heals_with_it(pi: Machine, tmp_path: Path) -> None:
    before = pi.output(f"readlink {CURRENT}")
    pi.output(pi.release.unplug)
    done = deploy(pi.programs, "pi", project=other_release(tmp_path, "# as good as the one before"))
    assert done.returncode == 1, done.stdout
    assert re.search(r"did not get ready, nor does .* any more", done.stdout), done.stdout
    assert pi.output(f"readlink {CURRENT}") == before
    pi.output(pi.release.plug_in)
    pi.wait_for("systemctl is-active emotion-edge")


def test_killed_it_comes_back(pi: Machine) -> None:
    before = main_pid(pi)
    pi.output("sudo systemctl kill --signal=SIGKILL emotion-edge")
    pi.wait_for(f"systemctl is-active emotion-edge && test $({STATE.format('MainPID')}) != {before}")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM", "SIGINT"])
def test_ended_by_a_signal_it_comes_back(pi: Machine, name: str) -> None:
    """Only `systemctl stop` ends it for good."""
    before = main_pid(pi)
    pi.output(f"sudo systemctl kill --kill-who=main --signal={name} emotion-edge")
    pi.wait_for(f"systemctl is-active emotion-edge && test $({STATE.format('MainPID')}) != {before}")


def test_frozen_it_is_killed_by_the_watchdog_and_comes_back(pi: Machine) -> None:
    before = main_pid(pi)
    pi.output("sudo systemctl kill --signal=SIGSTOP emotion-edge")
    pi.wait_for(f"systemctl is-active emotion-edge && test $({STATE.format('MainPID')}) != {before}", seconds=120)
    assert "Watchdog timeout" in pi.output("sudo journalctl --unit emotion-edge --no-pager")


def test_pauses_and_resumes_by_the_readmes_commands(pi: Machine) -> None:
    pi.output("sudo emotion-edge pause")
    pi.wait_for(f"{STATE.format('StatusText')} | grep paused")
    pi.output("sudo emotion-edge resume")
    pi.wait_for(f"{STATE.format('StatusText')} | grep watching")


def test_doctor_as_the_services_user_finds_nothing_wrong(pi: Machine) -> None:
    done = pi.run("sudo emotion-edge doctor")
    assert done.returncode == 0, done.stdout
    assert "/etc/emotion-edge/settings.toml" in done.stdout


def test_the_command_writes_where_the_caller_says(pi: Machine) -> None:
    """The folder is the caller's alone: the shell opens the file, not the service's user."""
    pi.output("mkdir -m 700 -p ~/mine && cd ~/mine && sudo emotion-edge export --since 24h >day.csv")
    assert "emotion" in pi.output("head -n 1 ~/mine/day.csv")
    assert "needs root" in pi.run("emotion-edge doctor").stdout


def test_rollback_goes_back_and_forth(pi: Machine, tmp_path: Path) -> None:
    before = pi.output(f"readlink {CURRENT}")
    done = deploy(pi.programs, "pi", project=other_release(tmp_path, "# a release of its own"))
    assert done.returncode == 0, done.stdout
    newer = pi.output(f"readlink {CURRENT}")
    for expected in (before, newer, before):
        pi.output("sudo emotion-edge rollback")
        assert pi.output(f"readlink {CURRENT}") == expected
        assert pi.output("systemctl is-active emotion-edge") == "active"


def test_uninstall_keeps_the_log_and_purge_removes_it(pi: Machine) -> None:
    pi.output(f"sudo {CURRENT}/systemd/install.sh uninstall")
    assert pi.run("systemctl is-active emotion-edge").stdout.strip() == "inactive"
    pi.output(f"sudo test -s {LOG} && test ! -e /opt/emotion-edge && test ! -e /usr/local/bin/emotion-edge")
    assert deploy(pi.programs, "pi").returncode == 0
    pi.output(f"sudo {CURRENT}/systemd/install.sh uninstall --purge")
    pi.output("test ! -e /var/lib/emotion-edge && test ! -e /etc/emotion-edge && ! getent passwd emotion-edge")
