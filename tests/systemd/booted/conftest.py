"""A device for the tests of one module: what happens to it is forgotten with it."""

from collections.abc import Iterator

import pytest

from tests.hub.engines import ENGINES, Hub
from tests.hub.processes import missing
from tests.systemd.booted.machine import Machine
from tests.systemd.booted.releases import RELEASES


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.name)
def pi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(request.param, tmp_path_factory.mktemp("pi")) as machine:
        yield machine


@pytest.fixture(scope="module")
def hub(pi: Machine) -> Iterator[Hub]:
    """Beside the device, on the network that they share: with a user for `hall`, and for Home Assistant."""
    absent = missing(*ENGINES)
    if absent:
        pytest.skip(f"{absent} (apt install mosquitto postgresql openssl)")
    made = Hub(["hall"], home_assistant=True)
    try:
        made.start()
        yield made
    finally:
        made.close()
