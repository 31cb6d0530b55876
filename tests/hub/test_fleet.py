"""The simulator in small: eight devices for ten seconds, with every fault; and that it would notice a loss."""

from collections.abc import Iterator

import pytest

from tests.fleet.judgement import problems
from tests.fleet.report import table
from tests.fleet.trial import Trial
from tests.hub.engines import ENGINES, Hub
from tests.hub.processes import missing

NAMES = [f"device-{number}" for number in range(8)]
SECONDS = 10.0

pytestmark = pytest.mark.skipif(
    bool(missing(*ENGINES)), reason=f"{missing(*ENGINES)} (apt install mosquitto postgresql)"
)


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    hub = Hub(NAMES)
    try:
        hub.start()
        played = Trial(hub, NAMES, SECONDS, seed=1, hurry=8.0)
        played.run()
        yield played
    finally:
        hub.close()


def test_nothing_is_lost_or_doubled_and_nothing_lies_in_the_future(trial: Trial) -> None:
    assert trial.stored() > 100
    assert problems(trial) == []


def test_a_loss_and_a_row_of_nobody_would_be_noticed(trial: Trial) -> None:
    device = trial.devices[-1]
    assert device.episodes
    lost = device.id_of(device.episodes[0])
    trial.hub.execute(f"UPDATE episodes SET id = 'invented' WHERE id = '{lost}'")
    assert problems(trial) == [
        f"{device.user}: 1 episodes lost, which the broker had acknowledged",
        f"('{device.user}', 'invented') is stored, but nobody sent it",
    ]
    trial.hub.execute(f"UPDATE episodes SET id = '{lost}' WHERE id = 'invented'")


def test_the_table_has_every_figure(trial: Trial) -> None:
    text = table(trial)
    for word in ("sent", "received", "stored", "p50, p99", "broker", "collector", "PostgreSQL"):
        assert word in text
