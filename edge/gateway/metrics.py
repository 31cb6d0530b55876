"""What Prometheus gets: made anew for each question, from the daemon's newest message, the log and the machine.

Labels are bounded: emotions, stages, the camera's states. No number of a face is among them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edge import __version__
from edge.errors import EdgeError
from edge.events.reader import open_reader
from edge.gateway.gateway import Gateway
from edge.gateway.live import Snapshot

PREFIX = "emotion_edge"
CAMERA_STATES = ("starting", "watching", "waiting", "paused", "ended")
BOUNDS_SECONDS = ("0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0")
"""of the stages' times, as the daemon counts them (edge/vision/stage_times.py, LIVE.md)"""


class Metrics(Collector):
    """All figures of one moment."""

    def __init__(self, gateway: Gateway, snapshot: Snapshot) -> None:
        self._gateway = gateway
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield self._info()
        yield gauge("daemon_connected", "Whether the camera service answers.", self._snapshot.live is not None)
        if self._snapshot.live is not None:
            yield from _of_daemon(self._snapshot.live)
        yield from self._of_log()
        yield from self._of_machine()
        yield from self._of_mqtt()

    def _info(self) -> Metric:
        model = str((self._snapshot.hello or {}).get("model") or "")
        return InfoMetricFamily(PREFIX, "Versions.", {"version": __version__, "model": model})

    def _of_log(self) -> Iterator[Metric]:
        """Nothing where there is no log, or none that can be read."""
        try:
            with open_reader(self._gateway.log) as log:
                rows = log.row_count()
                totals = log.totals()
        except (EdgeError, sqlite3.Error):
            return
        yield gauge("log_rows", "Observations in the event log.", rows)
        episodes = CounterMetricFamily(f"{PREFIX}_episodes", "Episodes that began.", labels=["emotion"])
        seconds = CounterMetricFamily(f"{PREFIX}_face_seconds", "Face time, in seconds.", labels=["emotion"])
        for label in sorted({*self._gateway.labels, *totals}):
            known = totals.get(label, (0.0, 0))
            seconds.add_metric([label], known[0])
            episodes.add_metric([label], known[1])
        yield episodes
        yield seconds

    def _of_machine(self) -> Iterator[Metric]:
        report = self._gateway.health.report(self._gateway.log, self._snapshot)
        known = [
            gauge("temperature_celsius", "Of the processor.", report["temperature_celsius"]),
            gauge("undervoltage", "Whether the supply's voltage is too low now.", report["undervoltage"]),
            gauge("throttled", "Whether the processor is slowed down now.", report["throttled"]),
            gauge("clock_synchronized", "Whether a time server keeps the clock.", report["clock"]["synchronized"]),
            gauge("disk_free_bytes", "Of the event log's file system.", report["disk"]["free_bytes"]),
            gauge("disk_size_bytes", "Of the event log's file system.", report["disk"]["total_bytes"]),
            gauge("log_size_bytes", "Of the event log, with what SQLite keeps beside it.", report["log"]["bytes"]),
        ]
        yield from (metric for metric in known if metric.samples)

    def _of_mqtt(self) -> Iterator[Metric]:
        bridge = self._gateway.mqtt
        if bridge is None:
            return
        yield gauge("mqtt_connected", "Whether the MQTT broker takes messages.", bridge.connected)
        text = "Episodes that were deleted from the log before the MQTT broker had them."
        yield counter("mqtt_episodes_deleted_unsent", text, bridge.episodes.deleted)


def _of_daemon(live: dict[str, Any]) -> Iterator[Metric]:
    yield counter("frames", "Frames that were analyzed.", live["sequence"])
    yield counter("frames_dropped", "Frames that were left out.", live["dropped"])
    yield gauge("frames_per_second", "Frames analyzed a second, over the last 30.", live["frames_per_second"])
    yield gauge("faces", "Faces in view.", len(live["faces"]))
    yield gauge("paused", "Whether the camera is paused.", live["paused"])
    state = GaugeMetricFamily(f"{PREFIX}_camera_state", "1 for what the camera does now.", labels=["state"])
    for name in CAMERA_STATES:
        state.add_metric([name], float(live["camera"]["state"] == name))
    yield state
    if "detections_total" in live:  # a daemon of this version
        yield counter("detections", "How often a frame was searched for faces.", live["detections_total"])
        yield counter("log_rows_lost", "Observations that could not be written.", live["log_rows_lost_total"])
        yield _stages(live["stage_seconds"])


def _stages(stage_seconds: dict[str, Sequence[float]]) -> Metric:
    found = HistogramMetricFamily(f"{PREFIX}_stage_seconds", "Time that a stage of a frame takes.", labels=["stage"])
    for stage, figures in stage_seconds.items():
        up_to = 0.0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*BOUNDS_SECONDS, "+Inf"), figures[1:], strict=True):
            up_to += count
            buckets.append((bound, up_to))
        found.add_metric([stage], buckets, figures[0])
    return found


def gauge(name: str, text: str, value: float | None) -> Metric:
    """Without a value where there is none."""
    found = GaugeMetricFamily(f"{PREFIX}_{name}", text)
    if value is not None:
        found.add_metric([], float(value))
    return found


def counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, value=float(value))
