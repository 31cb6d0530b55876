"""Who tried a wrong token, how often, and how long he must wait."""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

LIMITS = ((1, 1.0), (5, 60.0), (20, 3600.0))  # so many failures in so many seconds; as Frigate has them
MAX_ADDRESSES = 1024  # the table is bounded: who was quiet longest is forgotten first


class FailedAttempts:
    """Failures by address. Safe to be used from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, address: str) -> None:
        with self._lock:
            failures = self._failures.setdefault(address, deque(maxlen=LIMITS[-1][0]))
            failures.append(self._clock())
            self._failures.move_to_end(address)
            while len(self._failures) > MAX_ADDRESSES:
                self._failures.popitem(last=False)

    def wait_seconds(self, address: str) -> int:
        """Whole seconds until `address` may try again, 0 for now."""
        with self._lock:
            failures = list(self._failures.get(address, ()))
        now_s = self._clock()
        waits = [failures[-count] + seconds - now_s for count, seconds in LIMITS if len(failures) >= count]
        return max(0, math.ceil(max(waits, default=0.0)))
