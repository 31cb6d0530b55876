"""The device's own figures, as they go out every minute: heat, power, disk, clock, frames, rows."""

import sqlite3
import time
from collections.abc import Callable
from typing import Any

from edge import __version__
from edge.errors import EdgeError
from edge.events.reader import open_reader
from edge.gateway.gateway import Gateway
from edge.gateway.live import Snapshot
from edge.gateway.mqtt.payloads import utc_now


class Figures:
    """Makes them; the rate is that since the call before."""

    def __init__(
        self, gateway: Gateway, unsent: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gateway = gateway
        self._unsent = unsent
        self._clock = clock
        self._before: tuple[float, int] | None = None
        """when the call before was, and how many frames there were"""

    def make(self, snapshot: Snapshot) -> dict[str, Any]:
        report = self._gateway.health.report(self._gateway.log, snapshot)
        live = snapshot.live or {}
        hello = snapshot.hello or {}
        return {
            "temperature_celsius": report["temperature_celsius"],
            "frames_per_second": self._rate(live),
            "dropped": live.get("dropped"),
            "undervoltage": report["undervoltage"],
            "throttled": report["throttled"],
            "disk_free_mb": report["disk"]["free_bytes"] // 1_000_000,
            "clock_synchronized": report["clock"]["synchronized"],
            "log_rows": log_rows(self._gateway),
            "lost_rows": live.get("log_rows_lost_total"),
            "episodes_deleted_unsent": self._unsent(),
            "version": __version__,
            "model": hello.get("model"),
            "sent_utc": utc_now(),
        }

    def _rate(self, live: dict[str, Any]) -> float | None:
        """Frames a second since the call before; the daemon's own over its last frames, where there was none."""
        frames: int | None = live.get("sequence")
        if frames is None:
            self._before = None
            return None
        now_s = self._clock()
        before = self._before
        self._before = (now_s, frames)
        if before is None or frames < before[1] or now_s - before[0] < 1:
            return float(live["frames_per_second"])
        return round((frames - before[1]) / (now_s - before[0]), 1)


def log_rows(gateway: Gateway) -> int | None:
    """Observations in the log; None where there is none, or none to be read."""
    try:
        with open_reader(gateway.log) as log:
            return log.row_count()
    except (EdgeError, sqlite3.Error):
        return None
