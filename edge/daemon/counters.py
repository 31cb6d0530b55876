"""What the daemon has counted since its start, for the live socket: made only while somebody listens."""

from collections.abc import Callable
from typing import Any

from edge.daemon.logs import Logs
from edge.vision.pipeline import Pipeline

Counters = Callable[[], dict[str, Any]]


def make_counters(pipeline: Pipeline, logs: Logs) -> Counters:
    """A function that gives the counts of this moment."""

    def count() -> dict[str, Any]:
        return {
            "detections_total": pipeline.detections,
            "stage_seconds": pipeline.stages.message(),
            "log_rows_lost_total": logs.lost_rows + logs.current.lost_rows,
        }

    return count
