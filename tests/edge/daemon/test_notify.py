import os
import socket
from pathlib import Path

import pytest

from edge.daemon.notify import notify


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_states_reach_the_socket(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = str(tmp_path / "notify") if kind == "path" else f"@emotion-edge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name if kind == "path" else "\0" + name[1:])
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1\nWATCHDOG=1")
        assert receiver.recv(100) == b"READY=1\nWATCHDOG=1"


def test_outside_of_a_service_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
