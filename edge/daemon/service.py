"""The daemon: camera to event log, until it is told to stop."""

import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime
from types import FrameType

import msgspec

from edge.cameras import DEMO_NAME, Camera, Frame, NoFrameYetError, open_camera
from edge.cameras.files import DamagedFileError
from edge.daemon.notify import notify
from edge.daemon.pause import PauseSwitch, flag_path
from edge.daemon.terminal import StatusLine
from edge.errors import EXIT_SOURCE_ENDED, EXIT_TRY_AGAIN
from edge.events import EventLog
from edge.settings import CameraSettings, Settings, log_path
from edge.vision.pipeline import Pipeline

PAUSE_CHECK_SECONDS = 0.25  # between two looks at the pause switch while paused
SUMMARY_SECONDS = 3600.0  # between two lines of counts: 24 a day are no burden to the journal

log = logging.getLogger(__name__)


class StopSignal:
    """True once SIGINT or SIGTERM has come."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.came = True


def run(settings: Settings) -> int:
    """Analyze frames until the source ends or a signal comes; returns the exit status.

    Raises ModelError, CameraError, LogError or UsageError with what must be done.
    """
    stop, switch = StopSignal(), PauseSwitch(flag_path())
    if settings.camera.start_paused:
        switch.turn_on()
    pipeline = Pipeline.from_settings(settings)
    path = log_path(settings)
    with EventLog(path, settings.log) as events:
        _announce(pipeline, events)
        watch = Watch(pipeline, events, stop, switch)
        try:
            watch.run(settings.camera)
        finally:
            watch.close()
        notify("STOPPING=1")
    if watch.ended and not events.lost_rows and "NOTIFY_SOCKET" in os.environ:
        return EXIT_SOURCE_ENDED  # 0 and 1 would have systemd start it again, to read the same
    return EXIT_TRY_AGAIN if watch.damaged or events.lost_rows else 0


class Watch:
    """Handles frames, and keeps systemd and the person at the terminal informed while none come."""

    def __init__(self, pipeline: Pipeline, events: EventLog, stop: StopSignal, switch: PauseSwitch) -> None:
        self.damaged = False
        """whether a file of the source was damaged"""
        self.ended = False
        """whether the source has no more frames"""
        self._pipeline, self._events, self._stop, self._switch = pipeline, events, stop, switch
        quiet = "JOURNAL_STREAM" in os.environ and not sys.stdout.isatty()  # the journal keeps no line per emotion
        self._status = None if quiet else StatusLine()
        self._state, self._ready = "", False
        self._frames = self._dropped = 0
        self._summary_s = time.monotonic()

    def run(self, settings: CameraSettings) -> None:
        """Watch until the source ends or a signal comes, with the camera closed while paused."""
        while not (self.ended or self._stop.came):
            if self._switch.is_on():
                self._rest()
                continue
            with open_camera(settings) as camera:
                frames_before = self._frames
                self.ended = self.watch(camera)
                self._dropped += camera.dropped
                if settings.source == "auto" and self._frames > frames_before and camera.name != DEMO_NAME:
                    settings = msgspec.structs.replace(settings, source="camera")  # the demo is no replacement
            self._events.flush()

    def close(self) -> None:
        if self._status:
            self._status.close()
        self._events.close()
        self._summarize(0)

    def _rest(self) -> None:
        self._tell("paused: no picture is taken until `python -m edge resume` or SIGUSR2")
        self._events.tick(datetime.now(UTC), paused=True)
        self._feed_watchdog()
        time.sleep(PAUSE_CHECK_SECONDS)

    def watch(self, camera: Camera) -> bool:
        """Handle frames until stopped or paused; returns whether the source has ended."""
        self._pipeline.restart()
        started = False
        while not (self._stop.came or self._switch.is_on()):
            try:
                frame = camera.read()
            except NoFrameYetError as waiting:
                if text := str(waiting):
                    self._tell(text)
                self._events.tick(datetime.now(UTC))
                self._feed_watchdog(ready=False)
                continue
            except DamagedFileError as error:
                log.error("%s", error)
                self.damaged = True
                continue
            if frame is None:
                return True
            if not started:
                self._start_run(camera)
                started = True
            self._tell(f"watching {camera.name}")
            self._handle(frame, camera.dropped)
            self._feed_watchdog()
        return False

    def _start_run(self, camera: Camera) -> None:
        manifest = self._pipeline.classifier.manifest
        model = f"{manifest.name} {manifest.version} {manifest.sha256[:12]}"
        self._events.start_run(camera.name, model, datetime.now(UTC))

    def _handle(self, frame: Frame, dropped: int) -> None:
        faces = self._pipeline.analyze(frame.gray, frame.time_s)
        now = datetime.now(UTC)
        self._events.record(faces, frame.time_s, now)
        self._frames += 1
        now_s = time.monotonic()
        if self._status:
            self._status.show(faces, now_s, now.astimezone(), self._dropped + dropped)
        if now_s - self._summary_s >= SUMMARY_SECONDS:
            self._summary_s = now_s
            self._summarize(dropped)

    def _tell(self, state: str) -> None:
        """Say once what goes on: in the journal, in `systemctl status`, on the terminal."""
        if state == self._state:
            return
        self._state = state
        if self._status:
            self._status.close()
        log.info("%s", state)
        notify(f"STATUS={state}")

    def _feed_watchdog(self, ready: bool = True) -> None:
        """Tell systemd that all is well; `ready`, that the start is over, too."""
        first, self._ready = ready and not self._ready, self._ready or ready
        notify("READY=1\nWATCHDOG=1" if first else "WATCHDOG=1")

    def _summarize(self, dropped: int) -> None:
        counts = self._frames, self._dropped + dropped, self._events.rows, self._events.path
        log.info("%d frames, %d dropped, %d rows in %s", *counts)


def _announce(pipeline: Pipeline, events: EventLog) -> None:
    """Say what runs, and notice a classifier that lost its accelerator, which happens silently."""
    milliseconds = pipeline.classifier.measure_milliseconds()
    log.info("detector %s, %s %.2f ms a face", pipeline.detector.name, pipeline.classifier.runtime, milliseconds)
    log.info("emotions are logged to %s; no image is kept", events.path)
    if pipeline.classifier.runtime == "litert" and not pipeline.classifier.accelerated:
        log.warning(
            "the classifier is slow: XNNPACK is off; can the process read /proc/cpuinfo and /sys/devices/system/cpu?"
        )
