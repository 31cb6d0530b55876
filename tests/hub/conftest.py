"""A running hub for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.hub.engines import ENGINES, FORGERS, Hub
from tests.hub.processes import missing

DEVICES = ["hall", "cafe", "stairs"]


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """One for all tests, with users for DEVICES."""
    absent = missing(*ENGINES)
    if absent:
        pytest.skip(f"{absent} (apt install mosquitto postgresql openssl)")
    made = Hub([*DEVICES, *FORGERS])
    try:
        made.start()
        yield made
    finally:
        made.close()
