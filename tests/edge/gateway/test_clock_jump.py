"""The wall clock is set while somebody watches: the real daemon and the real gateway, under libfaketime."""

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.gateway import server
from edge.gateway.access_token import COOKIE_SECONDS, AccessToken
from tests.fakes.clock import FakeClock
from tests.fakes.device import Device, next_picture
from tests.fakes.picamera2 import standin_variables

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)  # Debian's
DAY_SECONDS = 86_400
JUMPS_SECONDS = (2 * DAY_SECONDS, -3 * DAY_SECONDS, 400 * DAY_SECONDS)


def demo_frames() -> npt.NDArray[np.uint8]:
    """(N, 480, 640): one moving face."""
    with VideoFile(DEMO) as video:
        return np.stack([frame.gray for frame in itertools.islice(iter(video.read, None), 20)])


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    if not FAKETIME:
        pytest.skip("needs Debian's package faketime")
    jump(tmp_path, 0)
    clock = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "offset"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    device = Device(tmp_path, **clock, **standin_variables(tmp_path, demo_frames()))
    with device.running("run", "--source", "picamera"), device.running("gateway"):
        device.wait_until_it_answers()
        yield device
        device.close()


def jump(folder: Path, seconds: int) -> None:
    """Set the wall clock of both to so many seconds from the true one."""
    (folder / "offset").write_text(f"{seconds:+d}")


def next_message(stream: http.client.HTTPResponse) -> dict[str, Any]:
    while True:
        line = stream.readline()
        assert line, "the stream of live values ended"
        if line.startswith(b"data: "):
            found: dict[str, Any] = json.loads(line[6:])
            return found


def check_message(message: dict[str, Any], before: dict[str, Any]) -> None:
    """One after `before`, of a moment ago."""
    assert message["connected"]
    assert message["live"]["sequence"] > before["live"]["sequence"]
    assert 0 <= message["silent_seconds"] < 10
    assert message["live"]["frames_per_second"] > 0
    assert all(0 <= face["since_s"] < 60 for face in message["live"]["faces"])
    stands_s = (moment(message["utc"]) - moment(message["since_utc"])).total_seconds()
    assert 0 <= stands_s < 120, "connected since a time that the new clock can name"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_page_and_live_socket_go_right_through_a_jump_of_the_clock(device: Device) -> None:
    bearer = device.bearer
    token = bearer["Authorization"].split()[1]
    cookie = device.ask(f"/?token={token}").headers["Set-Cookie"].split(";")[0]
    values = device.ask("/api/live", Cookie=cookie)
    pictures = device.ask("/stream.mjpg", **bearer)
    message = next_message(values)
    while not message["live"] or not message["live"]["faces"]:
        message = next_message(values)
    assert device.ask("/api/now", Authorization="Bearer wrong").status == 401
    for seconds in JUMPS_SECONDS:
        jump(device.folder, seconds)
        before = message
        while abs((moment(message["live"]["utc"]) - datetime.now().astimezone()).total_seconds() - seconds) > 60:
            message = next_message(values)
        check_message(message, before)
        assert next_picture(pictures).startswith(b"\xff\xd8")
        for name, value in (("Cookie", cookie), ("Authorization", bearer["Authorization"])):
            answer = device.ask("/api/frame.jpg", **{name: value})
            assert (answer.status, answer.read()[:2]) == (200, b"\xff\xd8")
            assert 0 <= int(answer.headers["X-Age-Ms"]) < 5000
        health = json.load(device.ask("/api/health", Cookie=cookie))
        assert moment(health["daemon"]["since_utc"]) <= moment(message["utc"])
        history = json.load(device.ask("/api/history?since=1h", Cookie=cookie))
        assert history["since"] < history["until"]
    assert "Traceback" not in device.told


def test_wrong_tokens_wait_as_long_as_before_after_a_jump(device: Device) -> None:
    def wait_seconds() -> int:
        return int(device.ask("/api/now", Authorization="Bearer wrong").headers.get("Retry-After", "0"))

    asked = 0
    while wait_seconds() < 30:  # five in a minute
        asked += 1
        assert asked < 1000
        time.sleep(0.05)
    for seconds in JUMPS_SECONDS:
        jump(device.folder, seconds)
        assert 0 < wait_seconds() <= 60


def test_a_session_outlives_a_jump_and_ends_after_thirty_days(tmp_path: Path) -> None:
    wall, steady = FakeClock(1e9), FakeClock(50.0)
    token = AccessToken(tmp_path / "web-token", wall, steady)
    cookie = token.cookie()
    for seconds in (400 * DAY_SECONDS, -800 * DAY_SECONDS, 400 * DAY_SECONDS):
        wall.sleep(seconds)
        assert token.accepts(cookie)
    steady.sleep(COOKIE_SECONDS + 1)
    assert not token.accepts(cookie)


def test_a_session_of_the_process_before_is_judged_by_the_wall_clock(tmp_path: Path) -> None:
    wall = FakeClock(1e9)
    cookie = AccessToken(tmp_path / "web-token", wall, FakeClock(50.0)).cookie()
    after_a_restart = AccessToken(tmp_path / "web-token", wall, FakeClock(1.0))
    assert after_a_restart.accepts(cookie)
    wall.sleep(-2 * DAY_SECONDS)
    assert after_a_restart.accepts(cookie), "made by this token, whatever the clock says"
    wall.sleep(COOKIE_SECONDS + 3 * DAY_SECONDS)
    assert not after_a_restart.accepts(cookie)


def test_idle_connections_are_timed_by_the_steady_clock() -> None:
    assert server.SteadyTime.time is time.monotonic
