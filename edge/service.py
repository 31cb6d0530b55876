"""The daemon: camera to event log, until it is told to stop."""

import logging
import os
import signal
import statistics
import sys
import time
from datetime import UTC, datetime
from types import FrameType

import numpy as np

from edge import detection, settings, systemd
from edge.analyzer import Analyzer
from edge.cameras import Camera, Frame, open_camera
from edge.cameras.files import DamagedFileError
from edge.classifier import Classifier
from edge.contract import INPUT_SIDE
from edge.errors import EXIT_TRY_AGAIN
from edge.events import EventLog
from edge.terminal import StatusLine

SLOW_CLASSIFIER_MS = 50.0  # without XNNPACK such a network took 75 to 200 ms, with it about 1 (x86)

log = logging.getLogger(__name__)


class StopSignal:
    """True once SIGINT or SIGTERM has come."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.came = True


def run(wanted: settings.Settings) -> int:
    """Analyze frames until the source ends or a signal comes; returns the exit status.

    Raises ModelError, CameraError, LogError or UsageError with what must be done.
    """
    stop = StopSignal()
    analyzer = make_analyzer(wanted)
    path = settings.log_path(wanted)
    with EventLog(path, wanted.log) as events, open_camera(wanted.camera) as camera:
        manifest = analyzer.classifier.manifest
        model = f"{manifest.name} {manifest.version} {manifest.sha256[:12]}"
        events.start_run(camera.name, model, datetime.now(UTC))
        _announce(analyzer, camera, events)
        frames, damaged = _watch(camera, analyzer, events, stop)
        systemd.notify("STOPPING=1")
        events.close()
        log.info("%d frames, %d rows in %s", frames, events.rows, path)
    return EXIT_TRY_AGAIN if damaged or events.lost_rows else 0


def make_analyzer(wanted: settings.Settings) -> Analyzer:
    """Load detector and classifier as the settings say; raises ModelError."""
    classifier = Classifier(wanted.classifier.model, wanted.classifier.threads, wanted.classifier.runtime)
    return Analyzer(detection.make(wanted.detector), classifier, wanted.tracking)


def _watch(camera: Camera, analyzer: Analyzer, events: EventLog, stop: StopSignal) -> tuple[int, bool]:
    """Return the number of frames handled, and whether a file was damaged."""
    status = StatusLine()
    frames, damaged = 0, False
    quiet = "JOURNAL_STREAM" in os.environ and not sys.stdout.isatty()  # the journal keeps no line per emotion
    try:
        while not stop.came:
            try:
                frame = camera.read()
            except DamagedFileError as error:
                log.error("%s", error)
                damaged = True
                continue
            if frame is None:
                break
            _handle(frame, analyzer, events, None if quiet else status)
            systemd.notify("WATCHDOG=1" if frames else "READY=1\nWATCHDOG=1")
            frames += 1
    finally:
        status.close()
    return frames, damaged


def _handle(frame: Frame, analyzer: Analyzer, events: EventLog, status: StatusLine | None) -> None:
    faces = analyzer.analyze(frame.gray, frame.time_s)
    now = datetime.now(UTC)
    events.record(faces, frame.time_s, now)
    if status:
        status.show(faces, time.monotonic(), now.astimezone())


def _announce(analyzer: Analyzer, camera: Camera, events: EventLog) -> None:
    """Say what runs, and notice a classifier that lost its accelerator, which happens silently."""
    milliseconds = measure_classifier_ms(analyzer.classifier)
    runtime = analyzer.classifier.runtime
    log.info("source %s, detector %s, %s %.2f ms a face", camera.name, analyzer.detector.name, runtime, milliseconds)
    log.info("emotions are logged to %s; no image is kept", events.path)
    if milliseconds > SLOW_CLASSIFIER_MS:
        log.warning(
            "the classifier is slow: XNNPACK is off; can the process read /proc/cpuinfo and /sys/devices/system/cpu?"
        )


def measure_classifier_ms(classifier: Classifier, runs: int = 10) -> float:
    """Median time of one face, milliseconds."""
    crop = np.zeros((INPUT_SIDE, INPUT_SIDE), np.uint8)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        classifier.classify(crop)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000
