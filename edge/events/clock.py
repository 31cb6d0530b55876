"""Notice that somebody set the clock: NTP came late, or a Pi without a clock battery woke up in the past."""

import time
from collections.abc import Callable
from datetime import datetime

JUMP_SECONDS = 2.0  # NTP slews smaller errors away, 0.5 ms a second


def boot_seconds() -> float:
    """Seconds since the machine started, those asleep included; nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._last: tuple[datetime, float] | None = None

    def jump_seconds(self, now: datetime) -> float:
        """What was added to the clock since the last call, 0 where it just went on."""
        steady_s = self._steady()
        last, self._last = self._last, (now, steady_s)
        if last is None:
            return 0.0
        jump = (now - last[0]).total_seconds() - (steady_s - last[1])
        return round(jump, 3) if abs(jump) >= JUMP_SECONDS else 0.0
