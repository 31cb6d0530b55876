"""A snapshot address is asked at the frame rate, with its password, and only so much is read of its answer."""

import logging
import struct

import numpy as np
import pytest

from edge.cameras import NoFrameYetError, open_camera
from edge.cameras.network.http import LARGEST_BYTES
from edge.cameras.network.snapshot import SnapshotCamera, is_snapshot, may_be_decoded
from edge.cameras.network.stream import StreamCamera, open_stream
from edge.errors import CameraError
from edge.settings import CameraSettings
from tests.fakes.clock import FakeClock
from tests.fakes.snapshots import HEIGHT, WIDTH, SnapshotServer, jpeg_of
from tests.fakes.streams import MjpegServer


def settings_for(url: str, frames_per_second: float = 20.0) -> CameraSettings:
    return CameraSettings(source=url, timeout_seconds=2.0, frames_per_second=frames_per_second)


def test_pictures_come_in_order_and_are_today_s(snapshots: SnapshotServer) -> None:
    clock = FakeClock()
    settings = settings_for(snapshots.url, frames_per_second=4.0)
    with SnapshotCamera(snapshots.url, settings, clock, clock.sleep) as camera:
        first = camera.read()
        snapshots.content = jpeg_of(180)
        second = camera.read()
    assert (first.index, second.index) == (0, 1)
    assert first.gray.shape == (HEIGHT, WIDTH)
    assert first.gray.dtype == np.uint8
    assert (first.gray[0, 0], second.gray[0, 0]) == (77, 180)
    assert (first.time_s, second.time_s) == (0.0, 0.25)


def test_a_slow_camera_is_not_asked_faster_afterwards(snapshots: SnapshotServer) -> None:
    clock = FakeClock()
    settings = settings_for(snapshots.url, frames_per_second=4.0)
    with SnapshotCamera(snapshots.url, settings, clock, clock.sleep) as camera:
        times = [camera.read().time_s]
        clock.now_s += 3.0
        times += [camera.read().time_s for _ in range(3)]
    assert times == [0.0, 3.0, 3.25, 3.5]


def test_the_service_sees_one_camera_and_no_line_a_picture(
    snapshots: SnapshotServer, caplog: pytest.LogCaptureFixture
) -> None:
    frames = 0
    with caplog.at_level(logging.INFO), open_camera(settings_for(snapshots.url, 50.0)) as camera:
        while frames < 10:
            try:
                frames += camera.read() is not None
            except NoFrameYetError:
                continue
        assert camera.name == f"http://127.0.0.1:{snapshots.port}"
    assert caplog.text == ""


def test_mjpeg_stays_ffmpegs(mjpeg: MjpegServer) -> None:
    with open_stream(mjpeg.url, settings_for(mjpeg.url)) as camera:
        assert isinstance(camera, StreamCamera)
        assert camera.read()


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/jpg; charset=utf-8", "IMAGE/JPEG"])
def test_it_is_told_by_its_content_type(snapshots: SnapshotServer, content_type: str) -> None:
    snapshots.content_type = content_type
    assert is_snapshot(snapshots.url, 2.0)


@pytest.mark.parametrize("password", ["secret", "a/b#c?d@e:f"])
def test_the_password_is_decoded_and_sent(snapshots: SnapshotServer, password: str) -> None:
    snapshots.password = password
    encoded = "".join(f"%{byte:02X}" for byte in password.encode())
    url = snapshots.url.replace("//", f"//me:{encoded}@")
    with open_stream(url, settings_for(url)) as camera:
        assert camera.read()


def read_fails(url: str) -> str:
    with pytest.raises(CameraError) as caught, SnapshotCamera(url, settings_for(url)) as camera:
        camera.read()
    return str(caught.value)


def test_a_wrong_password_is_told_apart_from_a_picture_that_is_not_there(snapshots: SnapshotServer) -> None:
    snapshots.password = "right"
    wrong = snapshots.url.replace("//", "//me:hunter2@")
    assert "user or password refused (401)" in read_fails(wrong)
    assert "it asks for user and password (401)" in read_fails(snapshots.url)
    snapshots.password = ""
    snapshots.status = 404
    assert "no stream there of that name (404)" in read_fails(snapshots.url)
    assert "hunter2" not in read_fails(wrong)
    snapshots.close()
    assert "refused; check the port" in read_fails(snapshots.url)


def claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header says that it is larger."""
    content = bytearray(jpeg_of(77))
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "without a JPEG picture"),
        (b"<html>no</html>", "without a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "without a JPEG picture"),
        (jpeg_of(77)[:40], "cannot be read"),
        (b"\xff\xd8\xff", "cannot be read"),
        (claiming(65500, 65500), "cannot be read"),
        (b"\xff\xd8\xff\xe0" + bytes(LARGEST_BYTES + 1), "more than 16 MB"),
    ],
    ids=["nothing", "html", "png", "cut off", "three bytes", "huge", "long"],
)
def test_what_is_no_picture_is_a_camera_error(snapshots: SnapshotServer, content: bytes, words: str) -> None:
    snapshots.content = content
    assert words in read_fails(snapshots.url)


def test_an_answer_without_end_is_left(snapshots: SnapshotServer) -> None:
    snapshots.is_endless = True
    assert "more than 16 MB" in read_fails(snapshots.url)


def test_what_claims_too_many_pixels_or_no_size_is_not_decoded() -> None:
    assert may_be_decoded(jpeg_of(77))
    assert may_be_decoded(claiming(6000, 5000))
    assert not may_be_decoded(claiming(6000, 5001))
    for broken in (b"", b"\xff\xd8", b"\xff\xd8" + 50 * b"\xff", b"\xff\xd8\xff\xe0\x00\x00" * 9):
        assert not may_be_decoded(broken)
