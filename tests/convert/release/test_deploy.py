"""Deploying through real sshds. What install.sh then does on a real system is `make test-systemd`'s."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convert.__main__ import RUNS
from convert.options import parser
from convert.release.device import check_host
from edge.errors import UsageError
from tests.convert.release.devices import SSHD, Device, make_devices, make_project, wait_until
from tests.ssh import deploy

pytestmark = pytest.mark.skipif(SSHD is None, reason="sshd is not installed (apt install openssh-server)")
NAMES = ["hall", "cafe", "stairs"]
# `python -m convert`; a shell that runs the tests in the background has switched SIGINT off for all below it.
AS_FROM_A_TERMINAL = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("convert", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"))


class Fleet:
    """Devices, and the commands that a person gives."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.devices, self._programs = make_devices(folder, NAMES)
        self._project = project
        self.hall, self.cafe, self.stairs = self.devices.values()

    def deploy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return deploy(self._programs, *arguments, project=self._project)

    def lose(self, call: int, when: str) -> None:
        """The connection of the `call`th ssh is lost, before it or after."""
        (self._programs / "ssh").rename(self._programs / "ssh-itself")
        (self._programs / "count").write_text("0")
        (self._programs / "ssh").write_text(LOSING_SSH.format(folder=self._programs, call=call, when=when))
        (self._programs / "ssh").chmod(0o755)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, without waiting for its end."""
        return subprocess.Popen(
            [sys.executable, "-c", AS_FROM_A_TERMINAL, "deploy", *arguments],
            cwd=self._project,
            env=os.environ | {"PATH": f"{self._programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def fleet(tmp_path: Path, project: Path) -> Iterator[Fleet]:
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, and nothing makes it where no systemd runs
    made = Fleet(tmp_path, project)
    yield made
    for device in made.devices.values():
        device.stop()


def install_calls(device: Device) -> list[str]:
    return [call for call in device.calls() if call.startswith("install.sh")]


# ---- one device


def test_the_whole_archive_arrives_is_installed_as_root_and_cleared_away(fleet: Fleet) -> None:
    done = fleet.deploy("hall")
    assert done.returncode == 0, done.stdout
    assert fleet.hall.calls() == ["sudo", "install.sh ", "finished"]
    assert "Building ...\n" in done.stdout
    assert fleet.hall.left_behind() == []


def test_a_failed_installation_is_a_failed_deployment(fleet: Fleet) -> None:
    fleet.hall.set_status(1)
    done = fleet.deploy("hall")
    assert done.returncode == 1
    assert "hall: install.sh ended with status 1" in done.stdout
    assert fleet.hall.left_behind() == []


def test_an_archive_that_cannot_be_unpacked_installs_nothing(fleet: Fleet) -> None:
    fleet.hall.write_program("tar", "#!/bin/sh\necho 'tar: No space left on device' >&2\nexit 2\n")
    done = fleet.deploy("hall")
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert "did not unpack the archive (status 1); nothing was installed" in done.stdout
    assert fleet.hall.calls() == []
    assert fleet.hall.left_behind() == []


def test_a_sudo_that_refuses_installs_nothing(fleet: Fleet) -> None:
    fleet.hall.write_program("sudo", "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    done = fleet.deploy("hall")
    assert done.returncode == 1
    assert "did not start install.sh (status 1); nothing was installed (sudo: a password is required)" in done.stdout
    assert fleet.hall.left_behind() == []


def test_a_device_that_is_not_there_is_named_with_what_to_do(fleet: Fleet) -> None:
    done = fleet.deploy("ssh://pi@127.0.0.1:1")
    assert done.returncode == 1
    assert "Connection refused" in done.stdout
    assert "`ssh ssh://pi@127.0.0.1:1` must work first" in done.stdout


@pytest.mark.parametrize(
    "host",
    [
        "-oProxyCommand=touch taken",
        "--",
        "-",
        "pi@-oProxyCommand=touch taken",
        "-v@hall",
        "hall;touch taken",
        "hall$(touch taken)",
        "`touch taken`",
        "hall cafe",
        "hall\n",
        "hall|x",
        "'hall'",
        "ssh://-oProxyCommand=x",
        "",
    ],
)
def test_a_host_is_never_taken_for_anything_else(host: str) -> None:
    """Not for an option of ssh, nor for words of a shell."""
    with pytest.raises(UsageError, match="is not taken for a host"):
        check_host(host)


@pytest.mark.parametrize(
    "host", ["hall", "pi@hall.local", "192.168.1.7", "pi@[fe80::1%wlan0]", "ssh://pi@hall:2222", "my-pi_4", "küche"]
)
def test_a_host_is_taken_as_ssh_takes_it(host: str) -> None:
    check_host(host)


def test_one_wrong_host_among_others_is_refused_before_any_is_begun(fleet: Fleet, tmp_path: Path) -> None:
    done = fleet.deploy("--", "hall", f"-oProxyCommand=touch {tmp_path}/taken")
    assert done.returncode == 2
    assert "is not taken for a host" in done.stdout
    assert fleet.hall.calls() == []
    assert not (tmp_path / "taken").exists()


# ---- connections that are lost


def read_until(running: subprocess.Popen[str], text: str) -> str:
    """What it said up to the line with `text`."""
    assert running.stdout is not None
    said = ""
    while text not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    return said


def test_a_connection_lost_during_the_installation_is_made_again(fleet: Fleet) -> None:
    fleet.hall.hold()
    running = fleet.begin("hall")
    said = read_until(running, "Building ...")
    fleet.hall.cut_connections()
    said += read_until(running, "the connection was lost; connecting again")
    fleet.hall.go_on()
    rest, _ = running.communicate()
    assert running.returncode == 0, said + rest
    assert (said + rest).count("Building ...") == 1
    assert fleet.hall.calls() == ["sudo", "install.sh ", "finished"]
    assert fleet.hall.left_behind() == []


def test_a_connection_lost_as_the_installation_begins_is_made_again(fleet: Fleet) -> None:
    fleet.hall.hold()
    running = fleet.begin("hall")
    wait_until(lambda: install_calls(fleet.hall), "install.sh")
    fleet.hall.cut_connections()
    fleet.hall.go_on()
    said, _ = running.communicate()
    assert running.returncode == 0, said
    assert fleet.hall.calls() == ["sudo", "install.sh ", "finished"]


def test_a_device_that_is_not_reached_again_goes_on_by_itself(fleet: Fleet) -> None:
    fleet.hall.hold()
    running = fleet.begin("hall")
    read_until(running, "Building ...")
    fleet.hall.stop()
    said, _ = running.communicate()
    assert running.returncode == 1
    assert "the device goes on by itself" in said
    fleet.hall.go_on()
    wait_until(lambda: "finished" in fleet.hall.calls(), "the installation's end")


def test_a_connection_lost_while_sending_installs_nothing_and_leaves_nothing(fleet: Fleet) -> None:
    waiting = f"touch {fleet.hall.folder}/unpacking; while [ -e {fleet.hall.folder}/hold ]; do sleep 0.05; done"
    fleet.hall.write_program("tar", f'#!/bin/sh\n{waiting}\nexec {shutil.which("tar")} "$@"\n')
    fleet.hall.hold()
    running = fleet.begin("hall")
    wait_until(lambda: (fleet.hall.folder / "unpacking").exists(), "the archive")
    fleet.hall.cut_connections()
    fleet.hall.go_on()
    said, _ = running.communicate()
    assert running.returncode == 1
    assert "must work first" in said
    assert fleet.hall.calls() == []
    wait_until(lambda: fleet.hall.left_behind() == [], "the folder is removed")


# An ssh whose connection does not come about (before), or is lost when the device has done its part (after).
LOSING_SSH = """#!/bin/sh
count=$(($(cat {folder}/count) + 1))
echo $count >{folder}/count
[ $count != {call} ] || [ {when} = after ] || exit 255
[ $count != {call} ] || {{ {folder}/ssh-itself "$@" >/dev/null; exit 255; }}
exec {folder}/ssh-itself "$@"
"""
UNPACKING, SETTINGS, STARTING, FOLLOWING, CLEARING = range(1, 6)  # what a deployment calls ssh for, in this order


@pytest.mark.parametrize(
    ("call", "when", "calls", "status"),
    [
        (UNPACKING, "before", 0, 1),
        (UNPACKING, "after", 0, 1),
        (SETTINGS, "before", 0, 1),
        (SETTINGS, "after", 0, 1),
        (STARTING, "before", 0, 1),
        (STARTING, "after", 1, 0),
        (FOLLOWING, "before", 1, 0),
        (FOLLOWING, "after", 1, 0),
        (CLEARING, "before", 1, 0),
        (CLEARING, "after", 1, 0),
    ],
)
def test_lost_at_any_step_all_is_installed_or_nothing_and_the_status_says_which(
    fleet: Fleet, tmp_path: Path, call: int, when: str, calls: int, status: int
) -> None:
    fleet.lose(call, when)
    settings = tmp_path / "mine.toml"
    settings.write_text("[log]\ncommit_seconds = 5.0\n")
    done = fleet.deploy("hall", "--settings", str(settings))
    assert done.returncode == status, done.stdout
    assert install_calls(fleet.hall) == ["install.sh --settings FILE"] * calls
    assert fleet.hall.calls().count("finished") == calls
    assert (fleet.hall.folder / "settings.toml").exists() == bool(calls)


def test_settings_that_find_no_room_leave_nothing_behind(fleet: Fleet, tmp_path: Path) -> None:
    fleet.hall.write_program("cat", "#!/bin/sh\necho 'cat: No space left on device' >&2\nexit 1\n")
    settings = tmp_path / "mine.toml"
    settings.write_text("[log]\ncommit_seconds = 5.0\n")
    done = fleet.deploy("hall", "--settings", str(settings))
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert fleet.hall.calls() == []
    assert fleet.hall.left_behind() == []


def test_ctrl_c_leaves_a_device_that_goes_on_by_itself(fleet: Fleet) -> None:
    fleet.hall.hold()
    running = fleet.begin("hall", "cafe", "--parallel", "1")
    wait_until(lambda: install_calls(fleet.hall), "install.sh")
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate()
    assert running.returncode == 1, said
    assert "stopped" in said
    assert "Traceback" not in said
    fleet.hall.go_on()
    wait_until(lambda: "finished" in fleet.hall.calls(), "the installation's end")
    assert fleet.cafe.calls() == []


def test_two_at_once_to_one_device_and_the_loser_says_so(fleet: Fleet) -> None:
    fleet.hall.hold()
    first = fleet.begin("hall")
    wait_until(lambda: install_calls(fleet.hall), "the first install.sh")
    second = fleet.deploy("hall")
    assert second.returncode == 1
    assert "another deploy is at work there, and this one changed nothing" in second.stdout
    fleet.hall.go_on()
    said, _ = first.communicate()
    assert first.returncode == 0, said
    assert fleet.hall.left_behind() == []


# ---- several devices


def test_several_at_once_with_a_line_of_state_each(fleet: Fleet) -> None:
    for device in fleet.devices.values():
        device.hold()
    running = fleet.begin(*NAMES, "--parallel", "3")
    wait_until(lambda: all(install_calls(device) for device in fleet.devices.values()), "all three at once")
    for device in fleet.devices.values():
        device.go_on()
    said, _ = running.communicate()
    assert running.returncode == 0, said
    for name in NAMES:
        assert f"{name:6}  Installed.\n" in said
        assert f"{name:6}  done\n" in said


def test_never_more_at_once_than_asked_for(fleet: Fleet) -> None:
    fleet.hall.hold()
    running = fleet.begin(*NAMES, "--parallel", "1")
    wait_until(lambda: install_calls(fleet.hall), "the first")
    assert fleet.cafe.calls() == fleet.stairs.calls() == []
    fleet.hall.go_on()
    said, _ = running.communicate()
    assert running.returncode == 0, said


def test_after_a_failure_no_further_device_is_begun(fleet: Fleet) -> None:
    fleet.hall.set_status(1)
    done = fleet.deploy(*NAMES, "--parallel", "1")
    assert done.returncode == 1
    assert "1 of 3 devices failed: hall; not begun: cafe, stairs (--keep-going goes on after a failure)" in done.stdout
    assert fleet.cafe.calls() == fleet.stairs.calls() == []


def test_unless_it_is_told_to_go_on(fleet: Fleet) -> None:
    fleet.hall.set_status(1)
    done = fleet.deploy(*NAMES, "--parallel", "1", "--keep-going")
    assert done.returncode == 1
    assert "1 of 3 devices failed: hall\n" in done.stdout
    assert "finished" in fleet.stairs.calls()


def test_a_host_named_twice_is_deployed_to_once(fleet: Fleet) -> None:
    assert fleet.deploy("hall", "hall").returncode == 0
    assert len(install_calls(fleet.hall)) == 1


@pytest.mark.parametrize("count", ["0", "-1", "x", "1000", ""])
def test_a_wrong_number_of_devices_at_once_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser(RUNS).parse_args(["deploy", "hall", f"--parallel={count}"])
    assert "expected 1 to 100" in capsys.readouterr().err


# ---- settings, rollback, list


def test_settings_go_along(fleet: Fleet, tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text("[log]\ncommit_seconds = 5.0\n")
    done = fleet.deploy("hall", "cafe", "--settings", str(settings))
    assert done.returncode == 0, done.stdout
    for device in (fleet.hall, fleet.cafe):
        assert (device.folder / "settings.toml").read_text() == settings.read_text()
        assert device.left_behind() == []
    assert not (fleet.stairs.folder / "settings.toml").exists()


def test_settings_that_cannot_be_are_refused_before_anything_is_sent(fleet: Fleet, tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text("[camera]\nwidht = 640\n")
    done = fleet.deploy("hall", "--settings", str(settings))
    assert done.returncode == 78
    assert "widht" in done.stdout
    assert fleet.hall.calls() == []


def test_rollback_is_install_shs_own(fleet: Fleet) -> None:
    done = fleet.deploy("hall", "cafe", "--rollback")
    assert done.returncode == 0, done.stdout
    assert install_calls(fleet.hall) == install_calls(fleet.cafe) == ["install.sh rollback"]
    assert fleet.hall.left_behind() == []


def test_rollback_where_nothing_is_installed_fails(fleet: Fleet) -> None:
    (fleet.hall.folder / "opt/emotion-edge/current/systemd/install.sh").unlink()
    done = fleet.deploy("hall", "--rollback")
    assert done.returncode == 1
    assert "install.sh: not found" in done.stdout


@pytest.mark.parametrize("option", ["--list", "--rollback"])
def test_settings_go_with_an_installation_only(fleet: Fleet, option: str) -> None:
    done = fleet.deploy("hall", option, "--wheels", "3.11")
    assert done.returncode == 2


def test_list_tells_version_state_and_since_when(fleet: Fleet) -> None:
    fleet.hall.write_program("readlink", "#!/bin/sh\necho releases/0.2.0-0123456789\n")
    fleet.hall.write_program(
        "systemctl",
        "#!/bin/sh\n"
        "echo ActiveState=active\necho StatusText=watching\n"
        "echo 'StateChangeTimestamp=Sat 2026-11-28 05:00:00 UTC'\n",
    )
    fleet.cafe.write_program("readlink", "#!/bin/sh\nexit 1\n")
    fleet.cafe.write_program("systemctl", "#!/bin/sh\nexit 1\n")
    fleet.stairs.stop()
    done = fleet.deploy(*NAMES, "--list")
    assert done.returncode == 1
    lines = {line.split()[0]: line for line in done.stdout.splitlines()[-5:] if line.strip()}
    assert lines["hall"].split("  ", 1)[1].split() == (
        ["0.2.0-0123456789", "active", "watching", "Sat", "2026-11-28", "05:00:00", "UTC"]
    )
    assert "not installed" in lines["cafe"]
    assert "not reached" in lines["stairs"]
    for device in fleet.devices.values():
        assert device.calls() == []
