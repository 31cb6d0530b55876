"""The daemon: camera to event log, until it is told to stop."""

import logging
import os
from pathlib import Path

from edge.cameras import CameraSource
from edge.daemon.counters import make_counters
from edge.daemon.frame_loop import FrameLoop, model_name
from edge.daemon.light import Light, PauseButton
from edge.daemon.live import LiveServer
from edge.daemon.live_view import LiveView, hello
from edge.daemon.logs import Logs
from edge.daemon.notify import Notifier
from edge.daemon.pause import SETTINGS, PauseSwitch
from edge.daemon.signals import Signals
from edge.errors import EXIT_SOURCE_ENDED, EXIT_TRY_AGAIN
from edge.settings import Settings, live_socket
from edge.vision.pipeline import Pipeline

logger = logging.getLogger(__name__)


def run(settings: Settings, signals: Signals, switch: PauseSwitch, log: Path | None = None) -> int:
    """Analyze frames until the source ends or a signal comes; returns the exit status.

    `log` takes all rows, those of the demo too; None takes the one of the settings, and a demo's own beside it.
    Raises SettingsError, ModelError, CameraError, LogError or UsageError with what must be done.
    """
    light = Light.from_settings(settings.light)
    if settings.camera.start_paused:
        switch.turn(True, SETTINGS)
    pipeline = Pipeline.from_settings(settings)
    notifier = Notifier()
    logs = Logs(settings, log)
    view = _offer_live_view(pipeline, switch, settings, logs)
    button = PauseButton.from_settings(settings.light, switch)
    loop = FrameLoop(pipeline, logs, signals, switch, notifier, view, light)
    try:
        _announce(pipeline)
        loop.run(CameraSource(settings.camera))
    finally:
        loop.close()
        light.close()
        button.close()
    notifier.send_last("STOPPING=1")
    if loop.ended and not logs.lost_rows and "NOTIFY_SOCKET" in os.environ:
        return EXIT_SOURCE_ENDED  # 0 and 1 would have systemd start it again, to read the same
    return EXIT_TRY_AGAIN if loop.damaged or logs.lost_rows else 0


def _offer_live_view(pipeline: Pipeline, switch: PauseSwitch, settings: Settings, logs: Logs) -> LiveView:
    greeting = hello(pipeline, model_name(pipeline), os.getpid())
    server = LiveServer(live_socket(), greeting, switch.request)
    server.start()
    return LiveView(server, settings.detector, make_counters(pipeline, logs))


def _announce(pipeline: Pipeline) -> None:
    """Say what runs, and notice a classifier that lost its accelerator, which happens silently."""
    milliseconds = pipeline.classifier.measure_milliseconds()
    logger.info(
        "faces are found by %s; to name an emotion takes %.2f ms (%s)",
        pipeline.detector.name,
        milliseconds,
        pipeline.classifier.runtime,
    )
    if pipeline.classifier.runtime == "litert" and not pipeline.classifier.accelerated:
        logger.warning(
            "the classifier is slow: XNNPACK is off; can the process read /proc/cpuinfo and /sys/devices/system/cpu?"
        )
