"""The life of two devices, in order: deployed to, upgraded, hurt, paused, removed."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.ssh import deploy
from tests.systemd.booted.installed import CURRENT, LOG, STATE, STATE_FOLDER, main_pid, other_release
from tests.systemd.booted.machine import Machine, needs_containers

COUNT = f"import sqlite3; print(*sqlite3.connect('{LOG}').execute('SELECT count(*) FROM observations').fetchone())"
ROWS = f'sudo python3 -c "{COUNT}"'
APT_NUMPY = "python3 -c 'import numpy; print(numpy.__version__)'"

pytestmark = needs_containers


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
    journal = pi.output("sudo journalctl --unit emotion-edge --no-pager")
    assert "litert" in journal
    assert "XNNPACK is off" not in journal


def test_the_same_release_again_restarts_nothing(pi: Machine) -> None:
    before = main_pid(pi)
    done = deploy(pi.programs, "pi")
    assert (done.returncode, "already installed" in done.stdout) == (0, True), done.stdout
    assert main_pid(pi) == before


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


def test_a_pause_is_kept_over_a_restart(pi: Machine) -> None:
    pi.output("sudo emotion-edge pause && sudo systemctl restart emotion-edge")
    assert "paused" in pi.output(STATE.format("StatusText"))
    pi.output("sudo emotion-edge resume")
    pi.wait_for(f"{STATE.format('StatusText')} | grep watching")


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.4])
def test_a_pause_in_the_first_moments_of_a_start_is_kept(pi: Machine, seconds: float) -> None:
    """Before Python listens the signal ends the process: the unit keeps the pause for the start after that."""
    pi.output("sudo systemctl stop emotion-edge && sudo systemctl start --no-block emotion-edge")
    pi.output(f"until test $({STATE.format('MainPID')}) -gt 0; do :; done; sleep {seconds}")
    pi.output("sudo systemctl kill --kill-who=main --signal=SIGUSR1 emotion-edge")
    pi.wait_for(f"sudo test -e {STATE_FOLDER}/paused && {STATE.format('StatusText')} | grep paused")
    pi.output("sudo emotion-edge resume")
    pi.wait_for(f"{STATE.format('StatusText')} | grep watching")


def test_a_strange_model_is_tried_inside_the_sandbox_once(pi: Machine, tmp_path: Path) -> None:
    project = other_release(tmp_path, "# with a model of its own")
    make_model_strange(project / "models/emotion_int8.tflite")
    done = deploy(pi.programs, "pi", project=project)
    assert done.returncode == 0, done.stdout
    [tried] = pi.output(f"sudo cat {STATE_FOLDER}/tried-models").splitlines()
    assert tried.startswith(sha256(project / "models/emotion_int8.tflite"))
    pi.output("sudo systemctl restart emotion-edge")
    assert pi.output(f"sudo cat {STATE_FOLDER}/tried-models") == tried


def make_model_strange(model: Path) -> None:
    """Another sha256, in the manifest too; what follows a model's end is not read."""
    before = sha256(model)
    with model.open("ab") as file:
        file.write(b"\0" * 16)
    manifest = model.with_suffix(".json")
    manifest.write_text(manifest.read_text().replace(before, sha256(model)))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_nothing_that_happened_left_a_traceback(pi: Machine) -> None:
    journal = pi.output("sudo journalctl --unit emotion-edge --no-pager")
    told = [part.split("\n")[0] for part in journal.split("Traceback")[1:]]
    assert len(told) <= 1, journal  # of the release that was made broken


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
