"""The daemon on the demo, as on a camera, with a note of when each frame arrived.

python -m tests.fakes.timed_daemon NOTES
"""

import os
import sys
import time
from pathlib import Path
from typing import TextIO

from edge.cameras import DEMO, Camera, Frame
from edge.cameras.live import LiveCamera
from edge.cameras.media.files import open_file
from edge.daemon.counters import make_counters
from edge.daemon.frame_loop import FrameLoop, model_name
from edge.daemon.live import LiveServer
from edge.daemon.live_view import LiveView, hello
from edge.daemon.logs import Logs
from edge.daemon.notify import Notifier
from edge.daemon.pause import PauseSwitch, flag_path
from edge.daemon.signals import Signals
from edge.settings import Settings, live_socket
from edge.vision.pipeline import Pipeline


class NotedCamera(LiveCamera):
    """Plays the demo at its own pace in the camera's thread; a line in `notes` for each frame that the loop takes.

    A line has the seconds (monotonic) of the frame's arrival, and of the moment when the loop took it.
    """

    def __init__(self, notes: TextIO) -> None:
        self._notes = notes
        super().__init__(self._open_demo, reconnect_seconds=0.0, hang_seconds=60.0)

    def read(self) -> Frame | None:
        frame = super().read()
        if frame:
            arrived_s = self._started_s + frame.time_s
            self._notes.write(f"{arrived_s} {time.monotonic()}\n")
            self._notes.flush()
        return frame

    @staticmethod
    def _open_demo() -> Camera:
        return open_file(DEMO, realtime=True)


def main(notes: Path) -> int:
    settings = Settings()
    signals = Signals()
    switch = PauseSwitch(flag_path(), signals)
    pipeline = Pipeline.from_settings(settings)
    logs = Logs(settings, None)
    server = LiveServer(live_socket(), hello(pipeline, model_name(pipeline), os.getpid()), switch.request)
    server.start()
    view = LiveView(server, settings.detector, make_counters(pipeline, logs))
    loop = FrameLoop(pipeline, logs, signals, switch, Notifier(), view)
    try:
        with notes.open("w") as file, NotedCamera(file) as camera:
            loop.process(camera)
    finally:
        loop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
