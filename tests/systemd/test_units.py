"""What systemd says of each unit: valid, and closed to the outside."""

from pathlib import Path

import pytest

from tests.systemd.bundles import SYSTEMD
from tests.systemd.units import exposure_complaints, needs_systemd, verify

UNITS = ("emotion-edge.service", "emotion-edge-gateway.service")
MAX_EXPOSURE = 2.0

pytestmark = needs_systemd


@pytest.mark.parametrize("name", UNITS)
def test_verify_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    assert verify(SYSTEMD / name, tmp_path) == ""


@pytest.mark.parametrize("name", UNITS)
def test_exposure_is_low(name: str) -> None:
    assert exposure_complaints(SYSTEMD / name, MAX_EXPOSURE) == ""
