"""A live camera: the newest frame, never a queue; lost and found again; a driver that hangs."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from edge import settings
from edge.cameras import Camera, Frame, NoFrameYetError, open_camera
from edge.cameras.frame import Closing
from edge.cameras.live import LiveCamera
from edge.errors import CameraError
from tests.fakes.clock import FakeClock
from tests.fakes.streams import MjpegServer, RtspServer

AT_ONCE = (0.0,)
FAILS = "the cable fell out"
Step = object  # a Frame's gray level, FAILS, None for the end, or an Event to wait for


class FakeDevice(Closing):
    """Does one of `steps` a read."""

    name = "fake"

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self.closed = False

    def read(self) -> Frame | None:
        step = next(self._steps, None)
        while isinstance(step, threading.Event):
            step.wait()
            step = next(self._steps, None)
        if step == FAILS:
            raise CameraError(FAILS)
        return None if step is None else Frame(np.full((4, 4), step, np.uint8), 0, 0.0)

    def close(self) -> None:
        self.closed = True


class Port:
    """Where devices are plugged in: each opening gives a new one that goes on with `steps`."""

    def __init__(self, *steps: Step, refused: int = 0) -> None:
        self._steps = iter(steps)
        self._refused = refused
        self.opened: list[FakeDevice] = []

    def open(self) -> Camera:
        if self.opened and self._refused:
            self._refused -= 1
            raise CameraError("not there")
        self.opened.append(FakeDevice(self._steps))
        return self.opened[-1]


def read(camera: Camera, attempts: int = 200) -> Frame | None:
    for _ in range(attempts):
        with contextlib.suppress(NoFrameYetError):
            return camera.read()
    raise AssertionError("no frame came")


def waiting_for(camera: Camera) -> str:
    """What a caller is told who finds no frame."""
    while True:
        try:
            camera.read()
        except NoFrameYetError as waiting:
            return str(waiting)


def live(port: Port, reconnect_seconds: float = 60.0, clock: Callable[[], float] | None = None) -> LiveCamera:
    return LiveCamera(port.open, reconnect_seconds, 5.0, AT_ONCE, clock or FakeClock())


def test_only_the_newest_frame_waits_and_the_others_are_counted() -> None:
    rest = threading.Event()
    port = Port(1, rest, *range(2, 12), None)
    with live(port) as camera:
        assert read(camera)
        rest.set()
        camera._thread.join()
        newest = read(camera)
        assert newest is not None
        assert (newest.gray[0, 0], newest.index, camera.dropped) == (11, 10, 9)
        assert read(camera) is None


def test_a_camera_that_fails_is_closed_and_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    turn = threading.Event()
    port = Port(1, FAILS, turn, 2, None, refused=7)
    with caplog.at_level(logging.INFO), live(port) as camera:
        first = read(camera)
        turn.set()
        second = read(camera)
        assert first
        assert second
        assert (first.index, second.index) == (0, 1)
        assert read(camera) is None
    assert [device.closed for device in port.opened] == [True, True]
    assert caplog.text.count("trying again") == 8
    assert "fake is back" in caplog.text


def test_a_camera_gone_for_too_long_is_an_error() -> None:
    clock = FakeClock()
    gone = threading.Event()
    with live(Port(1, gone, FAILS), reconnect_seconds=60.0, clock=clock) as camera:
        assert read(camera)
        clock.now_s = 60.0
        gone.set()
        with pytest.raises(CameraError, match=FAILS) as caught:
            read(camera)
        assert not isinstance(caught.value, NoFrameYetError)


def test_a_camera_that_never_gave_a_frame_is_an_error_at_once() -> None:
    with live(Port(FAILS)) as camera, pytest.raises(CameraError, match=FAILS):
        read(camera)


def test_a_driver_that_hangs_is_an_error_and_does_not_keep_the_program(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    never = threading.Event()
    camera = live(Port(1, never), reconnect_seconds=10.0, clock=clock)
    assert read(camera)
    clock.now_s = 15.0
    with pytest.raises(NoFrameYetError):
        camera.read()
    clock.now_s = 15.1
    with pytest.raises(CameraError, match="its driver hangs"):
        camera.read()
    camera.close()
    assert "does not answer and is left open" in caplog.text
    never.set()
    camera._thread.join()


def test_between_the_frames_of_a_slow_camera_nothing_is_said_until_one_is_late() -> None:
    clock = FakeClock()
    never = threading.Event()
    with live(Port(1, never), clock=clock) as camera:
        assert read(camera)
        assert waiting_for(camera) == ""
        clock.now_s = 5.1
        assert waiting_for(camera) == "waiting for fake"
        never.set()


def test_a_mistake_in_a_camera_is_not_swallowed_by_the_thread() -> None:
    def broken() -> Camera:
        raise ZeroDivisionError

    with LiveCamera(broken, 1.0, 1.0) as camera, pytest.raises(ZeroDivisionError):
        read(camera)


def test_frames_keep_coming_in_order_of_time_over_a_reconnection() -> None:
    clock = FakeClock()

    def tick() -> float:
        clock.now_s += 0.1
        return clock.now_s

    with live(Port(1, 2, FAILS, 3, FAILS, 4, None), clock=tick) as camera:
        times = [frame.time_s for frame in iter(lambda: read(camera), None)]
    assert times == sorted(set(times))


def test_a_stream_that_hangs_up_is_visited_again(mjpeg: MjpegServer) -> None:
    mjpeg.frames_a_visit = 3
    with open_camera(settings.CameraSettings(source=mjpeg.url)) as camera:
        for _ in range(3):
            assert read(camera)
        while mjpeg.visits < 2:
            assert read(camera)
        assert camera.name == mjpeg.url.removesuffix("/video")


def test_a_stream_that_says_nothing_ends_after_its_timeout(mjpeg: MjpegServer) -> None:
    mjpeg.silent = True
    chosen = settings.CameraSettings(source=mjpeg.url, timeout_seconds=0.5)
    with open_camera(chosen) as camera, pytest.raises(CameraError, match="no picture came"):
        read(camera)


def test_an_rtsp_camera_that_loses_power_comes_back(rtsp: RtspServer) -> None:
    with open_camera(settings.CameraSettings(source=rtsp.url)) as camera:
        before = read(camera)
        rtsp.stop()
        while "no stream there" not in (state := waiting_for(camera)):
            assert state in ("", f"waiting for {rtsp.url.removesuffix('/camera')}") or "gives no frames" in state
        rtsp.start()
        after = read(camera)
    assert before
    assert after
    assert after.time_s > before.time_s
