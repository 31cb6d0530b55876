from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.gateway import live as gateway_live
from tests.fakes import gateway
from tests.fakes.gateway import Rig
from tests.fakes.live import FakeDaemon


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait a second for a daemon that comes back."""
    monkeypatch.setattr(gateway_live, "RETRY_SECONDS", 0.05)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A gateway without a daemon and without a log."""
    with gateway.rig(tmp_path) as rig:
        yield rig


@pytest.fixture
def daemon(rig: Rig) -> Iterator[FakeDaemon]:
    with FakeDaemon(rig.socket) as daemon:
        yield daemon
