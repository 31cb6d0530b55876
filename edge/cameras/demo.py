"""Play the demo, a recording that ships with the program and stands in where there is no camera."""

import sys
import time
from collections.abc import Callable

from edge.cameras.frame import Frame
from edge.cameras.media.files import VideoFile
from edge.cameras.sources import DEMO


class DemoVideo(VideoFile):
    """Plays the demo at its own pace, and says that it is one.

    With `repeat` it begins again at its end: a person at a terminal has time to open the page, and ends it by Ctrl-C.
    """

    is_demo = True

    def __init__(
        self,
        repeat: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """By default it repeats where standard output is a terminal: a script waits for the end."""
        self._repeat = sys.stdout is not None and sys.stdout.isatty() if repeat is None else repeat
        self._open(clock, sleep)

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None or not self._repeat:
            return frame
        self.close()
        self._open(self._clock, self._sleep)
        return super().read()

    def _open(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        super().__init__(DEMO, realtime=True, clock=clock, sleep=sleep)
        self.name = "demo"
