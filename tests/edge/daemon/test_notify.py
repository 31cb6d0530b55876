import logging
import os
import socket
from pathlib import Path

import pytest

from edge.daemon.notify import Notifier


@pytest.fixture
def receiver() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_states_reach_the_socket(
    kind: str, receiver: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(tmp_path / "notify") if kind == "path" else f"@emotion-edge-test-{os.getpid()}"
    with receiver:
        receiver.bind(name if kind == "path" else "\0" + name[1:])
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        Notifier().send("READY=1\nWATCHDOG=1")
        assert receiver.recv(100) == b"READY=1\nWATCHDOG=1"


def test_outside_of_a_service_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().send("READY=1")
    assert not caplog.records


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/nowhere/notify", "systemd's socket /nowhere/notify (NOTIFY_SOCKET): No such file or directory"),
        ("@emotion-edge-nobody", "systemd's socket @emotion-edge-nobody (NOTIFY_SOCKET): Connection refused"),
        ("/" + "long" * 40, "path too long"),
    ],
)
def test_a_socket_that_is_not_there_is_named_once_and_ends_nothing(
    address: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier(address)
    with caplog.at_level(logging.WARNING):
        notifier.send("READY=1")
        notifier.send("WATCHDOG=1")
    assert [words in record.getMessage() for record in caplog.records] == [True]


def test_a_systemd_that_does_not_listen_is_not_waited_for_and_loses_no_state(
    receiver: socket.socket, tmp_path: Path
) -> None:
    address = tmp_path / "notify"
    with receiver:
        receiver.bind(str(address))
        receiver.setblocking(False)
        notifier = Notifier(str(address))
        for _ in range(1000):
            notifier.send("WATCHDOG=1")
        notifier.send("STATUS=watching")
        notifier.send("READY=1")
        while receiver.recv(100) == b"WATCHDOG=1":
            notifier.send("WATCHDOG=1")
            if (told := receiver.recv(100)) == b"STATUS=watching":
                break
        assert told == b"STATUS=watching"
        assert b"READY=1" in [receiver.recv(100) for _ in range(2)]
