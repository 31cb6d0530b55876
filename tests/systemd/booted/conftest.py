"""A device for the tests of one module: what happens to it is forgotten with it."""

from collections.abc import Iterator

import pytest

from tests.systemd.booted.machine import Machine
from tests.systemd.booted.releases import RELEASES


@pytest.fixture(scope="module", params=RELEASES, ids=lambda release: release.name)
def pi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(request.param, tmp_path_factory.mktemp("pi")) as machine:
        yield machine
