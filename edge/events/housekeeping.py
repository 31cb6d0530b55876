"""Look after the log while it can be written: is the file still there, what is too old, how long is its WAL."""

from collections.abc import Callable

from edge.events.store import Store
from edge.events.sums import Watch

UPKEEP_SECONDS = 300.0  # between two looks at age and size
UPKEEP_PAUSE_SECONDS = 1.0  # between two batches of deletions: cameras come first
LOOK_SECONDS = 30.0  # between two looks whether the file is still there
CHECKPOINT_SECONDS = 300.0  # a copy of the file alone lacks at most these, and what waits; costs 3 % more writes
SETTLE_SECONDS = 3600.0  # nothing is deleted by age after a start or a jump until NTP has had time to correct the clock


class Housekeeping:
    """Does from time to time what the log needs; each method raises what `Store` does.

    `steady` and `synchronized` are those of the EventLog, `keep_days` its setting; `moment` is in steady seconds.
    """

    def __init__(
        self,
        store: Store,
        keep_days: float,
        steady: Callable[[], float],
        synchronized: Callable[[], bool | None],
        moment: float,
    ) -> None:
        self._store = store
        self._keep_days = keep_days
        self._steady = steady
        self._synchronized = synchronized
        self._look_s = 0.0
        """when the next look is due; so with the others"""
        self._upkeep_s = 0.0
        self._checkpoint_s = moment + UPKEEP_SECONDS
        self._settled_s = moment + SETTLE_SECONDS

    def clock_jumped(self, moment: float) -> None:
        """By its new time nothing is deleted for a while."""
        self._settled_s = moment + SETTLE_SECONDS

    def look(self, moment: float) -> None:
        """See, where that is due, whether the file was moved, removed or replaced."""
        if moment >= self._look_s:
            self._look_s = moment + LOOK_SECONDS
            self._store.check_identity()

    def is_upkeep_due(self, moment: float) -> bool:
        return moment >= self._upkeep_s

    def upkeep(self, moment: float, utc: str, watch: Watch, watching: bool) -> str:
        """Note that the run goes on, and delete a little of what is too old or too much.

        Returns why rows are kept that are too old; empty where none are.
        """
        done = self._store.upkeep(utc, watch, watching, self._clock_doubt)
        if moment >= self._checkpoint_s:
            self._checkpoint_s = moment + CHECKPOINT_SECONDS
            self._store.checkpoint()
        self._upkeep_s = moment + (UPKEEP_PAUSE_SECONDS if done.more else UPKEEP_SECONDS)
        return f"rows older than {self._keep_days:g} days are kept: {done.refused}" if done.refused else ""

    def _clock_doubt(self) -> str:
        """Why nothing may be deleted by this clock; empty where nothing speaks against it."""
        if self._synchronized() is False:
            return "the clock is not synchronized with a time server"
        if self._steady() < self._settled_s:
            return "the clock must run evenly for an hour first, since the start or its last jump"
        return ""
