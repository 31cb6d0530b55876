"""The live page on two devices, in order: switched on, looked at, hurt, upgraded, switched off.

A device shares the network of this machine, so these tests are its viewers: on loopback, and from another address.
"""

import json
import re
import socket
from pathlib import Path

import pytest

from tests.ssh import deploy
from tests.systemd.booted.installed import (
    CURRENT,
    GATEWAY,
    LOG,
    SERVICE,
    STATE_FOLDER,
    main_pid,
    other_release,
)
from tests.systemd.booted.machine import Machine, needs_containers
from tests.systemd.booted.page import LOOPBACK, PORT, ask, listen_on, token_of, wait_until_connected
from tests.systemd.booted.sandbox import devices_of, files_elsewhere, in_its_view, writable_folders

JPEG = rb"\xff\xd8\xff[\xe0\xe1]..(JFIF|Exif)"
ACTIVE = "systemctl is-active emotion-edge-gateway"

pytestmark = needs_containers


def other_address() -> str:
    """One of this machine's that is not loopback's; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # of the documentation's range
        except OSError:
            pytest.skip("this machine has no network address")
        return str(probe.getsockname()[0])


def test_it_is_off_until_somebody_switches_it_on(pi: Machine) -> None:
    done = deploy(pi.programs, "pi")
    assert done.returncode == 0, done.stdout
    assert "sudo emotion-edge gateway enable" in done.stdout
    assert pi.run(f"systemctl cat {GATEWAY}").returncode != 0
    refused = pi.run("sudo emotion-edge gateway url")
    assert refused.returncode == 78, refused.stdout
    assert "sudo emotion-edge gateway enable" in refused.stdout
    listen_on(pi, LOOPBACK)


def test_the_command_switches_it_on_and_says_its_address(pi: Machine) -> None:
    assert "needs root" in pi.run("emotion-edge gateway enable").stdout
    assert "sudo emotion-edge gateway url" in pi.output("sudo emotion-edge gateway enable")
    assert pi.output(ACTIVE) == "active"
    assert pi.output(f"systemctl is-enabled {GATEWAY}") == "enabled"
    assert pi.output("sudo emotion-edge gateway url") == f"http://localhost:{PORT}/?token={token_of(pi)}"
    assert pi.output(f"sudo stat --format '%U %a' {STATE_FOLDER}/web-token") == "emotion-edge 600"
    assert pi.output(f"stat --format %U /proc/{main_pid(pi, GATEWAY)}") == "emotion-edge"


def test_it_shows_what_the_daemon_sees_to_whoever_has_the_token(pi: Machine) -> None:
    wait_until_connected(pi)
    assert ask("/api/now").status == 401
    now = json.loads(ask("/api/now", token_of(pi)).body)
    assert now["live"]["camera"]["state"] == "watching"
    picture = ask("/api/frame.jpg", token_of(pi))
    assert (picture.status, picture.headers["X-Picture"]) == (200, "full")
    assert re.match(JPEG, picture.body, re.DOTALL)
    assert ask("/healthz").status == ask("/notice").status == 200


def test_health_and_history_answer_inside_the_sandbox(pi: Machine) -> None:
    health = json.loads(ask("/api/health", token_of(pi)).body)
    findings = {finding["check"]: finding for finding in health["findings"]}
    assert findings["service"]["found"].startswith("active")
    assert "cannot be read" not in findings["memory"]["found"]
    assert ask("/api/history?since=1h", token_of(pi)).status == 200


def test_no_camera_is_there_for_it(pi: Machine) -> None:
    """A file stands in for a camera: it is open to all, and the daemon sees it."""
    pi.output("sudo touch /dev/video0 && sudo chmod 666 /dev/video0")
    assert "video0" in in_its_view(pi, SERVICE, "ls /dev").split()
    assert devices_of(pi, GATEWAY) == []
    assert pi.output(f"systemctl show {GATEWAY} --property DeviceAllow --value") in ("", "char-rtc r")
    assert pi.output(f"cat /proc/{main_pid(pi, GATEWAY)}/uid_map") != pi.output("cat /proc/1/uid_map")


def test_it_may_write_into_the_state_folder_alone(pi: Machine) -> None:
    folders = writable_folders(pi, GATEWAY)
    assert STATE_FOLDER in folders
    assert [folder for folder in folders if not folder.startswith(STATE_FOLDER)] == []


SOCKETS = """
import os, re, sys
names = ("tcp", "tcp6", "udp", "udp6")
inet = {line.split()[9] for name in names for line in open(f"/proc/net/{name}").readlines()[1:]}
folder = f"/proc/{sys.argv[1]}/fd"
links = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
print(sum(link[8:-1] in inet for link in links if link.startswith("socket:")))
"""


def test_the_daemon_has_no_network_socket_and_cannot_have_one(pi: Machine) -> None:
    pi.output(f"cat >sockets.py <<'END'\n{SOCKETS}\nEND")
    assert pi.output(f"sudo python3 sockets.py {main_pid(pi)}") == "0"
    assert int(pi.output(f"sudo python3 sockets.py {main_pid(pi, GATEWAY)}")) >= 1
    denied = pi.output("systemctl show emotion-edge --property IPAddressDeny --value").split()
    assert sorted(denied) == ["0.0.0.0/0", "::/0"]


def test_no_picture_reaches_the_disk(pi: Machine) -> None:
    token = token_of(pi)
    pictures = [ask("/api/frame.jpg", token).body for _ in range(20)]
    assert all(re.match(JPEG, picture, re.DOTALL) for picture in pictures)
    pi.output("mkdir control && printf '\\377\\330\\377\\340\\0\\20JFIF' >control/face")
    assert find_pictures(pi, "/home/pi/control") == "/home/pi/control/face"  # it would be found
    assert find_pictures(pi, f"{STATE_FOLDER} /tmp /var/tmp /run /var/log") == ""
    files = pi.output(f"sudo ls {STATE_FOLDER}").split()
    assert {name for name in files if not name.startswith("emotions.db")} <= {"web-token", "paused", "tried-models"}
    assert files_elsewhere(pi) == ""


def find_pictures(pi: Machine, folders: str) -> str:
    """The files below `folders` that hold a JPEG, whatever stands before it."""
    magic = r"\xff\xd8\xff[\xe0\xe1]..(JFIF|Exif)"
    options = "--devices=skip --recursive --files-with-matches --text --no-messages --perl-regexp"
    return pi.output(f"sudo env LC_ALL=C grep {options} '{magic}' {folders} || test $? -lt 3")


def test_it_answers_from_elsewhere_only_where_it_listens_there(pi: Machine) -> None:
    address, token = other_address(), token_of(pi)
    with pytest.raises(OSError):
        ask("/healthz", address=address)
    listen_on(pi, "0.0.0.0")
    pi.output(f"sudo systemctl restart {GATEWAY}")
    assert ask("/api/now", address=address).status == 401
    assert ask("/api/now", token, address).status == 200
    wait_until_connected(pi)
    assert ask("/api/frame.jpg", token, address).headers["X-Picture"] == "boxes"
    assert ask("/api/now", "wrong" * 9, address).status == 401  # last: who is wrong has to wait for a second
    assert "http://pi.local:" in pi.output("sudo emotion-edge gateway url")
    listen_on(pi, LOOPBACK)
    pi.output(f"sudo systemctl restart {GATEWAY}")
    with pytest.raises(OSError):
        ask("/healthz", address=address)


def test_pause_by_the_page_is_kept_by_the_daemon(pi: Machine) -> None:
    token = token_of(pi)
    wait_until_connected(pi)
    assert json.loads(ask("/api/pause", token, data=b"{}").body) == {"paused": True}
    pi.output("sudo systemctl restart emotion-edge")
    assert "paused" in pi.output("systemctl show emotion-edge --property StatusText --value")
    wait_until_connected(pi)
    assert json.loads(ask("/api/resume", token, data=b"{}").body) == {"paused": False}
    pi.wait_for("systemctl show emotion-edge --property StatusText --value | grep watching")


def test_the_daemon_killed_leaves_it_running_and_it_hears_the_next_one(pi: Machine) -> None:
    token, page, daemon = token_of(pi), main_pid(pi, GATEWAY), main_pid(pi)
    pi.output("sudo systemctl kill --signal=SIGKILL emotion-edge")
    assert ask("/api/history?since=1h", token).status == 200
    pi.wait_for(f"systemctl is-active emotion-edge && test $(systemctl show emotion-edge -P MainPID) != {daemon}")
    wait_until_connected(pi)
    assert main_pid(pi, GATEWAY) == page


def test_the_daemon_stopped_leaves_history_and_health(pi: Machine) -> None:
    """Its runtime folder goes with it and comes again."""
    token = token_of(pi)
    pi.output("sudo systemctl stop emotion-edge")
    pi.output("test ! -e /run/emotion-edge")
    for path in ("/api/history?since=1h", "/api/health", "/api/episodes", "/", "/healthz"):
        assert ask(path, token).status == 200, path
    assert json.loads(ask("/api/now", token).body)["live"] is None
    pi.output("sudo systemctl start emotion-edge")
    wait_until_connected(pi)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGTERM"])
def test_ended_by_a_signal_it_comes_back_and_the_daemon_does_not_notice(pi: Machine, name: str) -> None:
    page, daemon = main_pid(pi, GATEWAY), main_pid(pi)
    pi.output(f"sudo systemctl kill --kill-who=main --signal={name} {GATEWAY}")
    pi.wait_for(f"{ACTIVE} && test $(systemctl show {GATEWAY} -P MainPID) != {page}")
    assert main_pid(pi) == daemon


def test_the_commands_work_beside_it(pi: Machine) -> None:
    assert "fps" in pi.run("sudo timeout 5 emotion-edge watch").stdout
    old = token_of(pi)
    new = pi.output("sudo emotion-edge gateway token --new")
    assert ask("/api/now", new).status == 200
    assert ask("/api/now", old).status == 401
    pi.output("sudo install --directory --owner=emotion-edge /srv/notice")
    pi.output(
        "sudo emotion-edge notice --output /srv/notice/notice.html && sudo grep -i '<html' /srv/notice/notice.html"
    )
    pi.output("sudo emotion-edge forget --since 1h --yes")
    done = pi.run("sudo emotion-edge doctor")
    assert done.returncode == 0, done.stdout


def test_an_upgrade_restarts_it_and_a_rollback_too(pi: Machine, tmp_path: Path) -> None:
    page = main_pid(pi, GATEWAY)
    done = deploy(pi.programs, "pi", project=other_release(tmp_path, "# as good as the one before"))
    assert done.returncode == 0, done.stdout
    for command in ("true", "sudo emotion-edge rollback"):
        pi.output(command)
        assert pi.output(ACTIVE) == "active"
        assert main_pid(pi, GATEWAY) != page
        page = main_pid(pi, GATEWAY)
        assert pi.output(f"sudo readlink /proc/{page}/cwd") == pi.output(f"realpath {CURRENT}")
    assert pi.output(f"systemctl is-enabled {GATEWAY}") == "enabled"


def test_nothing_that_happened_left_a_traceback(pi: Machine) -> None:
    assert "Traceback" not in pi.output(f"sudo journalctl --unit {GATEWAY} --unit {SERVICE} --no-pager")


def test_switched_off_it_is_gone_and_the_daemon_goes_on(pi: Machine) -> None:
    pi.output("sudo emotion-edge gateway disable")
    assert pi.run(ACTIVE).stdout.strip() == "inactive"
    with pytest.raises(OSError):
        ask("/healthz")
    assert pi.output("systemctl is-active emotion-edge") == "active"


def test_uninstall_takes_it_along(pi: Machine) -> None:
    pi.output("sudo emotion-edge gateway enable")
    pi.output(f"sudo {CURRENT}/systemd/install.sh uninstall")
    assert pi.run(ACTIVE).stdout.strip() == "inactive"
    pi.output(f"sudo test -s {LOG} && test ! -e /etc/systemd/system/{GATEWAY}.service")
    pi.output("test -z \"$(find /usr/local -name '*emotion-edge*' -type f)\"")
