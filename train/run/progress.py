"""What a run tells while it trains: the epoch, the means so far, and how long the rest will
take.
"""

import time
from collections.abc import Callable, Mapping

SECONDS_PER_MINUTE = 60
MINUTES_PER_HOUR = 60


class Progress:
    """Counts the epochs of a run from the first one that this process trains."""

    def __init__(self, first: int, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._total = total
        self._clock = clock
        self._started_s = clock()

    def title(self, epoch: int) -> str:
        """`epoch 3/40, 12 min left`; `epoch` counts from 0.

        The time is known once one epoch is done.
        """
        name = f"epoch {epoch + 1}/{self._total}"
        return f"{name}, {self._left(epoch)}" if epoch > self._first else name

    def line(self, epoch: int, logs: Mapping[str, float]) -> str:
        """What to print once `epoch`, counted from 0, is done."""
        figures = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
        name = f"epoch {epoch + 1}/{self._total}"
        if epoch + 1 == self._total:
            return f"{name}  {figures}"
        return f"{name}  {figures}  {self._left(epoch + 1)}"

    def _left(self, done: int) -> str:
        """For the epochs behind `done`, at the pace of those that this process trained."""
        trained = done - self._first
        seconds = (self._clock() - self._started_s) / trained * (self._total - done)
        return f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < SECONDS_PER_MINUTE:
        return f"{round(seconds)} s"
    minutes = round(seconds / SECONDS_PER_MINUTE)
    hours, rest = divmod(minutes, MINUTES_PER_HOUR)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


class Means:
    """Running means of an epoch's figures."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self._batches = 0

    def add(self, logs: Mapping[str, float]) -> None:
        """Count one more batch."""
        self._batches += 1
        for name, value in logs.items():
            before = self.values.get(name, 0.0)
            self.values[name] = before + (float(value) - before) / self._batches
