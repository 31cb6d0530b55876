"""The daemon's loop in this process, with its log in a folder, and nobody who looks on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.daemon.frame_loop import FrameLoop
from edge.daemon.live import LiveServer
from edge.daemon.live_view import LiveView
from edge.daemon.logs import Logs
from edge.daemon.notify import Notifier
from edge.daemon.pause import PauseSwitch
from edge.daemon.signals import Signals
from edge.settings import DetectorSettings, Settings
from edge.vision.pipeline import Pipeline


@contextmanager
def frame_loop(pipeline: Pipeline, folder: Path) -> Iterator[tuple[FrameLoop, Logs]]:
    """The loop, and the log that it writes to."""
    signals = Signals()
    switch = PauseSwitch(folder / "paused", signals)
    logs = Logs(Settings(), folder / "log.db")
    view = LiveView(LiveServer(folder / "live.sock", {}, switch.request), DetectorSettings())
    loop = FrameLoop(pipeline, logs, signals, switch, Notifier(""), view)
    try:
        yield loop, logs
    finally:
        loop.close()
