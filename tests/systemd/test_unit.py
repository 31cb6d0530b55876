"""The unit file: closed to the outside, open to the camera and to the CPU's description."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.systemd.bundles import SYSTEMD
from tests.systemd.units import read_directives

DIRECTIVES = read_directives(SYSTEMD / "emotion-edge.service")


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
