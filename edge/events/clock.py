"""Watch the machine's clock: was it set meanwhile, and does a time server keep it right?"""

import ctypes
import os
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

JUMP_SECONDS = 2.0  # NTP slews smaller errors away, 0.5 ms a second

TIMESYNC_FLAG = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd makes it once it knows the time
TIMEX_BYTES = 1024  # more than the 208 of struct timex, <sys/timex.h>; zeros ask and change nothing
TIME_ERROR = 5  # what adjtimex(2) returns while STA_UNSYNC is set
ASK_SECONDS = 2.0  # for timedatectl's answer, while no frame is looked at


def boot_seconds() -> float:
    """Seconds since the machine started, those asleep included; nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def is_synchronized() -> bool | None:
    """Whether a time server has set the clock; None where nobody here can tell.

    The kernel is asked first. The service's sandbox forbids that; there systemd's flag and timedatectl answer.
    """
    answer = _kernel_says()
    if answer is not None:
        return answer
    return TIMESYNC_FLAG.exists() or _timedatectl_says()


def _kernel_says() -> bool | None:
    state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)))
    return None if state < 0 else state != TIME_ERROR


def _timedatectl_says() -> bool | None:
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    environment = os.environ | {"SYSTEMD_COLORS": "0"}
    try:
        answer = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(answer.stdout.strip())


class ClockWatch:
    """Notices that somebody set the clock: NTP came late, or a Pi without a clock battery woke up in the past."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._last: tuple[datetime, float] | None = None

    def jump_seconds(self, now: datetime) -> float:
        """What was added to the clock since the last call, 0 where it just went on."""
        steady_s = self._steady()
        last = self._last
        self._last = (now, steady_s)
        if last is None:
            return 0.0
        jump = (now - last[0]).total_seconds() - (steady_s - last[1])
        return round(jump, 3) if abs(jump) >= JUMP_SECONDS else 0.0
