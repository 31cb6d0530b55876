"""The time left follows the pace of this process, and means are means."""

import pytest

from train.run.progress import Means, Progress, duration


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_run_says_which_epoch_of_how_many_and_how_long_the_rest_takes() -> None:
    clock = Clock()
    progress = Progress(0, 40, clock)
    assert progress.title(0) == "epoch 1/40"
    clock.now_s += 30
    assert progress.line(0, {"loss": 1.5}) == "epoch 1/40  loss 1.5000  20 min left"
    assert progress.title(1) == "epoch 2/40, 20 min left"
    clock.now_s += 39 * 30
    assert progress.line(39, {"loss": 1.0}) == "epoch 40/40  loss 1.0000"


def test_a_resumed_run_counts_only_the_epochs_that_it_trained_itself() -> None:
    clock = Clock()
    progress = Progress(10, 20, clock)
    assert progress.title(10) == "epoch 11/20"
    clock.now_s += 60
    assert progress.title(11) == "epoch 12/20, 9 min left"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (7320, "2 h 2 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_means_of_batches() -> None:
    means = Means()
    for value in (1.0, 2.0, 6.0):
        means.add({"loss": value})
    assert means.values == {"loss": pytest.approx(3.0)}
