"""Read a live camera in a thread: keep only the newest frame, reopen a lost device, never block `read` for long."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from edge.cameras.frame import Camera, Closing, Frame, NoFrameYetError
from edge.errors import CameraError

WAIT_SECONDS = 0.25  # how long `read` waits: the watchdog, a signal and the pause switch are looked at in between
CLOSE_SECONDS = 2.0  # for a device to answer; systemd's TimeoutStopSec= is 15
# between attempts to open it again; the last one from then on
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)

logger = logging.getLogger(__name__)


class LiveCamera(Closing):
    """Gives the newest frame of the device that `open_device` opens; drops and counts those that nobody read in time.

    A device that gave frames and fails is opened again for `reconnect_seconds`; one that never gave any is an error
    at once. `read` raises these errors; nothing here does.
    """

    def __init__(
        self,
        open_device: Callable[[], Camera],
        reconnect_seconds: float,
        hang_seconds: float,
        back_off_seconds: tuple[float, ...] = BACK_OFF_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`hang_seconds` of silence on top of `reconnect_seconds` mean that the device's driver does not answer."""
        self.name = "camera"
        self._open_device = open_device
        self._back_off_seconds = back_off_seconds
        self._clock = clock
        self._reconnect_seconds = reconnect_seconds
        self._hang_seconds = hang_seconds
        self._started_s = clock()
        self._heard_s = self._started_s
        self._index = 0
        self._failures = 0
        self._overtaken = 0
        self._newest: Frame | None = None
        self._end: Exception | None = None
        self._ended = False
        self._state = "waiting for the camera"
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def read(self) -> Frame | None:
        with self._news:
            self._news.wait_for(lambda: self._newest or self._ended, WAIT_SECONDS)
            frame = self._newest
            self._newest = None
            if frame:
                return frame
            if self._end:
                raise self._end
            if self._ended:
                return None
            silence_s = self._clock() - self._heard_s
        if silence_s > self._reconnect_seconds + self._hang_seconds:
            raise CameraError(
                f"{self.name}: no answer for {silence_s:.0f} s",
                "its driver hangs, check cable and power",
            )
        late = f"waiting for {self.name}" if silence_s > self._hang_seconds else ""
        raise NoFrameYetError(self._state or late)

    def close(self) -> None:
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            logger.warning("%s does not answer and is left open", self.name)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                try:
                    self._read_device()
                except CameraError as error:
                    self._wait_to_reopen(error)
        except Exception as error:  # the thread's caller is `read`
            self._end = error
        with self._news:
            self._ended = True
            self._news.notify()

    def _read_device(self) -> None:
        """Take frames until closed or at the source's end."""
        with self._open_device() as device:
            self.name = device.name
            self.is_demo = device.is_demo
            while not self._closing.is_set():
                frame = device.read()
                if frame is None:
                    self._closing.set()
                    return
                self._keep(frame, device.dropped)

    def _keep(self, frame: Frame, dropped_by_device: int) -> None:
        with self._news:
            now_s = self._clock()
            if self._failures:
                logger.info("%s is back after %.0f s", self.name, now_s - self._heard_s)
            self._overtaken += self._newest is not None
            self.dropped = self._overtaken + dropped_by_device
            self._newest = replace(frame, index=self._index, time_s=now_s - self._started_s)
            self._index = self._index + 1
            self._failures = 0
            self._heard_s = now_s
            self._state = ""
            self._news.notify()

    def _wait_to_reopen(self, error: CameraError) -> None:
        """Pause before the next attempt, or raise `error` where it is not worth one."""
        if not self._index or self._clock() - self._heard_s >= self._reconnect_seconds:
            raise error
        pause_s = self._back_off_seconds[min(self._failures, len(self._back_off_seconds) - 1)]
        self._failures += 1
        self._state = str(error)
        logger.warning("%s; trying again in %g s", error, pause_s)
        self._closing.wait(pause_s)
