"""The live page's unit: without any device, with the network, beside the daemon and not bound to it."""

import pytest

from edge import settings
from tests.systemd.bundles import SYSTEMD
from tests.systemd.units import read_directives

DIRECTIVES = read_directives(SYSTEMD / "emotion-edge-gateway.service")
DAEMON = read_directives(SYSTEMD / "emotion-edge.service")


def test_starts_the_installed_release_as_the_daemons_user_with_its_settings() -> None:
    [command] = DIRECTIVES["ExecStart"]
    assert command.split() == [
        "/opt/emotion-edge/current/.venv/bin/python",
        *("-m", "edge", "gateway"),
        *("--config", "/etc/emotion-edge/settings.toml"),
    ]
    for name in ("User", "WorkingDirectory", "StateDirectory", "StateDirectoryMode"):
        assert DIRECTIVES[name] == DAEMON[name]


def test_no_device_is_there() -> None:
    assert DIRECTIVES["PrivateDevices"] == ["yes"]
    assert DIRECTIVES["DevicePolicy"] == ["closed"]
    assert "DeviceAllow" not in DIRECTIVES
    assert "SupplementaryGroups" not in DIRECTIVES


def test_the_network_is_open_to_it_and_nothing_else() -> None:
    assert DIRECTIVES["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    assert "PrivateNetwork" not in DIRECTIVES


def test_only_the_state_folder_is_writable() -> None:
    assert DIRECTIVES["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in DIRECTIVES


def test_the_live_socket_is_found_in_the_daemons_folder_which_is_the_daemons_alone() -> None:
    """An installed release looks there by itself; a unit that names the folder removes it at its end."""
    assert "RuntimeDirectory" not in DIRECTIVES
    assert [f"/run/{name}" for name in DAEMON["RuntimeDirectory"]] == [str(settings.SERVICE_RUNTIME)]


@pytest.mark.parametrize("name", ["Requires", "BindsTo", "PartOf", "Requisite", "After", "Wants"])
def test_history_answers_while_the_daemon_is_down(name: str) -> None:
    assert name not in DIRECTIVES


def test_restarts_for_ever_but_not_where_a_person_must_act() -> None:
    assert DIRECTIVES["Restart"] == ["always"]
    assert DIRECTIVES["RestartPreventExitStatus"] == ["2 78"]
    assert DIRECTIVES["StartLimitIntervalSec"] == ["0"]


def test_a_leak_does_not_take_the_daemon_along() -> None:
    [limit] = DIRECTIVES["MemoryMax"]
    assert 100 < int(limit.removesuffix("M")) < int(DAEMON["MemoryMax"][0].removesuffix("M"))
