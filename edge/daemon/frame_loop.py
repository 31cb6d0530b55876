"""Loop over a camera's frames, and do what is due while none come."""

import logging
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from edge.cameras import Camera, CameraSource, Frame, NoFrameYetError
from edge.cameras.media.files import DamagedFileError
from edge.daemon.command import command_name
from edge.daemon.light import Light
from edge.daemon.live_view import LiveView, State
from edge.daemon.logs import Logs
from edge.daemon.notify import WATCHDOG, Notifier
from edge.daemon.pause import PauseSwitch
from edge.daemon.signals import Signals
from edge.daemon.terminal import StatusLine
from edge.vision.pipeline import Pipeline

PAUSE_CHECK_SECONDS = 0.25  # between two looks at the pause switch while paused
SUMMARY_SECONDS = 3600.0  # between two lines of counts: 24 a day are no burden to the journal

logger = logging.getLogger(__name__)


class FrameLoop:
    """Handles frames, and keeps systemd and the person at the terminal informed while none come."""

    def __init__(
        self,
        pipeline: Pipeline,
        logs: Logs,
        signals: Signals,
        switch: PauseSwitch,
        notifier: Notifier,
        view: LiveView,
        light: Light | None = None,
    ) -> None:
        self.damaged = False
        """whether a file of the source was damaged"""
        self.ended = False
        """whether the source has no more frames"""
        self._pipeline = pipeline
        self._logs = logs
        self._signals = signals
        self._switch = switch
        self._notifier = notifier
        self._view = view
        self._light = light or Light(None)
        quiet = "JOURNAL_STREAM" in os.environ and not sys.stdout.isatty()  # the journal keeps no line per emotion
        self._status = None if quiet else StatusLine(sys.stdout)
        self._text = ""
        """what goes on, as said last"""
        self._ready = False
        self._frames = 0
        self._dropped = 0
        """by the cameras that are closed"""
        self._summary_s = time.monotonic()

    def run(self, source: CameraSource) -> None:
        """Process frames until the source ends or a signal comes, with the camera closed while paused."""
        while not (self.ended or self._signals.stop_came):
            if self._switch.is_on():
                self._idle()
                continue
            with self._light.lit(), source.open() as camera:
                self.ended = self.process(camera)
                self._dropped += camera.dropped
            self._logs.current.flush()

    def process(self, camera: Camera) -> bool:
        """Handle frames until stopped or paused; returns whether the source has ended."""
        self._pipeline.restart()
        started = False
        while not (self._switch.is_on() or self._signals.stop_came):
            try:
                frame = camera.read()
            except NoFrameYetError as waiting:
                self._wait(str(waiting))
                continue
            except DamagedFileError as error:
                logger.error("%s", error)
                self.damaged = True
                continue
            if frame is None:
                return True
            if not started:
                self._start_run(camera)
                started = True
            self._report_state("watching", f"watching {camera.name}", camera.name)
            self._handle(frame, camera.dropped)
            self._notify_watchdog()
        return False

    def close(self) -> None:
        """Write what waits, and say how much it was."""
        if self._status:
            self._status.close()
        self._logs.close()
        self._view.close()
        self._summarize(0)
        if self._signals.stop_came:
            logger.info("ended by %s", self._signals.stop_name)
        if self._logs.demo_shown:
            _explain_demo(self._logs.current.path)

    def _idle(self) -> None:
        """Wait for the pause to end."""
        self._report_state("paused", f"paused: no picture is taken until `{command_name()} resume` or SIGUSR2")
        self._logs.current.tick(datetime.now(UTC), paused=True)
        self._notify_watchdog()
        time.sleep(PAUSE_CHECK_SECONDS)

    def _wait(self, state: str) -> None:
        """Do what is due while no frame comes; `state` says what is waited for, and is empty between two frames."""
        if state:
            self._report_state("waiting", state)
        else:
            self._view.keep_up()
        self._logs.current.tick(datetime.now(UTC))
        self._notify_watchdog(ready=False)

    def _start_run(self, camera: Camera) -> None:
        self._logs.choose(camera)
        self._logs.current.start_run(camera.name, model_name(self._pipeline), datetime.now(UTC))
        logger.info("emotions are logged to %s; no image is kept", self._logs.current.path)

    def _handle(self, frame: Frame, dropped: int) -> None:
        started_s = time.monotonic()
        faces = self._pipeline.analyze(frame.gray, frame.time_s)
        analyzed_s = time.monotonic()
        now = datetime.now(UTC)
        self._logs.current.record(faces, frame.time_s, now)
        self._frames += 1
        now_s = time.monotonic()
        self._pipeline.stages.add("analyze", analyzed_s - started_s)
        self._pipeline.stages.add("log", now_s - analyzed_s)
        self._view.show(frame, faces, now_s, self._dropped + dropped)
        if self._status:
            self._status.show(faces, now_s, now.astimezone(), self._dropped + dropped)
        if now_s - self._summary_s >= SUMMARY_SECONDS:
            self._summary_s = now_s
            self._summarize(dropped)

    def _report_state(self, state: State, text: str, camera: str = "") -> None:
        """Say once what goes on: in the journal, in `systemctl status`, on the terminal, to who looks on."""
        self._view.report(state, text, camera)
        if text == self._text:
            return
        self._text = text
        if self._status:
            self._status.close()
        logger.info("%s", text)
        self._notifier.send(f"STATUS={text}")

    def _notify_watchdog(self, ready: bool = True) -> None:
        """Tell systemd that all is well; `ready`, that the start is over, too."""
        first = ready and not self._ready
        self._ready = self._ready or ready
        self._notifier.send("READY=1\nWATCHDOG=1" if first else WATCHDOG)

    def _summarize(self, dropped: int) -> None:
        log = self._logs.current
        logger.info(
            "%d frames, %d dropped, %d rows in %s",
            self._frames,
            self._dropped + dropped,
            log.rows,
            log.path,
        )


def model_name(pipeline: Pipeline) -> str:
    """The classifier's name, version and the start of its file's sha256."""
    manifest = pipeline.classifier.manifest
    return f"{manifest.name} {manifest.version} {manifest.sha256[:12]}"


def _explain_demo(path: Path) -> None:
    """The last words after a demo: what was seen, and what to type next."""
    logger.info(
        "that was the demo, a recording that comes along, because no camera was found; its log is %s",
        path,
    )
    program = command_name()
    logger.info(
        "next: `%s export --log %s` lists it, `%s report --log %s` draws it",
        program,
        path,
        program,
        path,
    )
    logger.info("or connect a camera and run again")
