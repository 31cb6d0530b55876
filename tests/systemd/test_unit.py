"""The unit file: valid, closed to the outside, open to the camera and to the CPU's description."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT_PATH = Path(__file__).parents[2] / "systemd" / "emotion-edge.service"
MAX_EXPOSURE = 3.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def read_directives() -> dict[str, list[str]]:
    """Maps every directive to its values in the order of the file."""
    directives: dict[str, list[str]] = {}
    for line in UNIT_PATH.read_text().splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            directives.setdefault(name, []).append(value)
    return directives


DIRECTIVES = read_directives()


@needs_systemd
def test_verify_has_nothing_to_say(tmp_path: Path) -> None:
    """The daemon's own Python exists only where it is installed: another one stands in."""
    unit = tmp_path / UNIT_PATH.name
    [command] = DIRECTIVES["ExecStart"]
    installed_python = command.split()[0]
    unit.write_text(UNIT_PATH.read_text().replace(installed_python, sys.executable))
    result = analyze("verify", str(unit))
    assert (result.returncode, result.stdout) == (0, "")


@needs_systemd
def test_exposure_is_low() -> None:
    threshold = f"--threshold={round(MAX_EXPOSURE * 10)}"  # systemd counts in tenths here
    result = analyze("security", "--offline=true", "--no-pager", threshold, str(UNIT_PATH))
    assert result.returncode == 0, result.stdout


def test_starts_the_installed_release_and_not_the_checkout() -> None:
    [command] = DIRECTIVES["ExecStart"]
    assert command.split() == [
        "/opt/emotion-edge/current/.venv/bin/python",
        *("-m", "edge", "run"),
        *("--config", "/etc/emotion-edge/settings.toml"),
    ]
    assert DIRECTIVES["WorkingDirectory"] == ["/opt/emotion-edge/current"]


def test_restarts_for_ever_but_not_where_a_person_must_act() -> None:
    assert DIRECTIVES["Restart"] == ["always"]
    assert DIRECTIVES["RestartPreventExitStatus"] == ["2 3 78"]
    assert DIRECTIVES["SuccessExitStatus"] == ["3"]
    assert DIRECTIVES["StartLimitIntervalSec"] == ["0"]
    assert int(DIRECTIVES["RestartSec"][0]) >= 5


def test_readiness_and_watchdog_come_from_the_daemon() -> None:
    assert DIRECTIVES["Type"] == ["notify"]
    assert DIRECTIVES["NotifyAccess"] == ["main"]
    assert DIRECTIVES["WatchdogSec"] == ["30"]


@pytest.mark.parametrize(
    "name",
    [
        "ProcSubset",  # hides /proc/cpuinfo: XNNPACK switches itself off
        "InaccessiblePaths",  # could hide /sys/devices/system/cpu
        "TemporaryFileSystem",
        "RootDirectory",
        "PrivateDevices",  # hides the camera
        "PrivateUsers",  # no Pi with a camera has shown that it can be opened then
        "PrivateNetwork",  # cuts off udev's messages
        "DynamicUser",  # the log belongs to a user that stays
    ],
)
def test_hides_neither_cpu_nor_camera(name: str) -> None:
    assert name not in DIRECTIVES


@pytest.mark.parametrize("device", ["media", "video4linux", "dma_heap", "vchiq"])
def test_camera_devices_are_allowed(device: str) -> None:
    assert DIRECTIVES["DevicePolicy"] == ["closed"]
    assert f"char-{device} rw" in DIRECTIVES["DeviceAllow"]


def test_camera_group_is_one_that_every_debian_has() -> None:
    assert DIRECTIVES["SupplementaryGroups"] == ["video"]


def test_sockets_reach_systemd_and_udev_but_no_network() -> None:
    assert DIRECTIVES["RestrictAddressFamilies"] == ["AF_UNIX AF_NETLINK"]
    assert DIRECTIVES["IPAddressDeny"] == ["any"]


def test_a_leak_does_not_take_the_machine_along() -> None:
    [limit] = DIRECTIVES["MemoryMax"]
    assert 300 < int(limit.removesuffix("M")) < 1000  # more than the largest frames take, less than a Pi has


def test_mounts_of_the_service_are_not_seen_outside() -> None:
    assert DIRECTIVES["PrivateMounts"] == ["yes"]


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [("USR1", None, "signal\n"), ("USR2", "page\n", None), ("TERM", "page\n", "page\n"), ("0", None, None)],
)
def test_a_pause_that_killed_a_start_is_kept(
    status: str, before: str | None, after: str | None, tmp_path: Path
) -> None:
    [command] = DIRECTIVES["ExecStopPost"]
    flag = tmp_path / "paused"
    if before:
        flag.write_text(before)
    variables = {"EXIT_STATUS": status, "STATE_DIRECTORY": str(tmp_path)}
    subprocess.run(shlex.split(command.replace("$$", "$")), env=variables, check=True)
    assert (flag.read_text() if flag.exists() else None) == after
