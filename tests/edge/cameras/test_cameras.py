"""One test body over every camera that can run here, and what each does when it cannot."""

import contextlib
import logging
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import settings
from edge.cameras import Camera, Frame, NoFrameYetError, open_camera
from edge.cameras.media.files import DamagedFileError, VideoFile, read_image
from edge.cameras.picamera import PiCamera
from edge.cameras.rotated import rotate
from edge.cameras.usb import MJPG, configure, node_number, plugged_in
from edge.errors import CameraError, UsageError
from tests.fakes.clock import FakeClock
from tests.fakes.media import png_that_claims
from tests.fakes.picamera2 import HEIGHT, WIDTH, FakePicamera2


def write_video(path: Path, frames: int = 30) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15, (WIDTH, HEIGHT))
    rng = np.random.default_rng(0)
    for _ in range(frames):
        noise = rng.integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
        writer.write(cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST))
    writer.release()
    return path


def write_folder(path: Path) -> Path:
    path.mkdir()
    for number in range(3):
        cv2.imwrite(str(path / f"{number}.png"), np.full((HEIGHT, WIDTH, 3), 77, np.uint8))
    return path


@pytest.fixture(params=["video", "realtime", "folder", "picamera", "usb", "rtsp", "mjpeg"])
def camera(request: pytest.FixtureRequest, tmp_path: Path, picamera2: object) -> Iterator[Camera]:
    make: dict[str, Callable[[], settings.CameraSettings]] = {
        "video": lambda: settings.CameraSettings(source=str(write_video(tmp_path / "a.avi"))),
        "realtime": lambda: settings.CameraSettings(source=str(write_video(tmp_path / "a.avi")), realtime=True),
        "folder": lambda: settings.CameraSettings(source=str(write_folder(tmp_path / "photos"))),
        "picamera": lambda: settings.CameraSettings(source="picamera", width=WIDTH, height=HEIGHT),
        "usb": lambda: settings.CameraSettings(source="usb:0", width=WIDTH, height=HEIGHT),
        "rtsp": lambda: settings.CameraSettings(source=request.getfixturevalue("rtsp").url),
        "mjpeg": lambda: settings.CameraSettings(source=request.getfixturevalue("mjpeg").url),
    }
    if request.param == "usb" and not Path("/dev/video0").exists():
        pytest.skip("no USB camera here")
    with open_camera(make[request.param]()) as opened:
        yield opened


def next_frame(camera: Camera, attempts: int = 60) -> Frame | None:
    """Ask as the daemon does: again, where none has come yet."""
    for _ in range(attempts):
        with contextlib.suppress(NoFrameYetError):
            return camera.read()
    raise AssertionError("no frame came")


def test_every_camera_gives_gray_frames_in_order(camera: Camera) -> None:
    frames = [next_frame(camera) for _ in range(3)]
    for frame in frames:
        assert frame is not None
        assert frame.gray.shape == (HEIGHT, WIDTH)
        assert frame.gray.dtype == np.uint8
    indexes = [frame.index for frame in frames if frame]
    assert indexes == sorted(set(indexes))
    times = [frame.time_s for frame in frames if frame]
    assert times == sorted(times)
    assert camera.dropped >= indexes[-1] - 2  # each that is missing was counted


def read_first(source: str) -> Frame | None:
    with open_camera(settings.CameraSettings(source=source, timeout_seconds=1.0)) as camera:
        return next_frame(camera)


def test_every_camera_can_be_closed_twice(camera: Camera) -> None:
    camera.close()
    camera.close()


def test_picamera_leaves_out_the_padding_and_gives_requests_back(picamera2: type[FakePicamera2]) -> None:
    with PiCamera(settings.CameraSettings(width=WIDTH, height=HEIGHT)) as camera:
        assert (camera.read().gray == 77).all()
        picamera2.broken = True
        with pytest.raises(CameraError, match="buffer lost"):
            camera.read()
    assert [request.released for request in picamera2.requests] == [True, True]
    assert picamera2.closed == 1


def test_picamera_that_gives_no_frame_is_a_camera_error(picamera2: type[FakePicamera2]) -> None:
    picamera2.silent = True
    with PiCamera(settings.CameraSettings()) as camera, pytest.raises(CameraError, match=r"no frame for 5\.\d+ s"):
        camera.read()
    assert picamera2.cancelled == 1  # else `close` waits for the request that is still asked for


def test_a_picamera2_that_cannot_be_loaded_is_a_camera_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")  # pip's numpy over apt's
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CameraError, match=r"numpy\.dtype size changed"):
        read_first("picamera")


@pytest.mark.parametrize(("state", "words"), [({"cameras": []}, "none found"), ({"held": True}, "cannot be opened")])
def test_picamera_that_is_absent_or_held_is_a_camera_error(
    picamera2: type[FakePicamera2], state: dict[str, object], words: str
) -> None:
    for name, value in state.items():
        setattr(picamera2, name, value)
    with pytest.raises(CameraError, match=words):
        read_first("picamera")


TWO_CAMERAS = [
    {"Model": "uvc", "Num": 0, "Id": "/base/scb/pcie/usb@0/1:1.0"},  # a webcam, which picamera2 lists too
    {"Model": "imx708", "Num": 1, "Id": "/base/axi/i2c@88000/imx708@1a"},
    {"Model": "imx708_wide", "Num": 2, "Id": "/base/axi/i2c@80000/imx708@1a"},
]


@pytest.mark.parametrize(
    ("source", "number"),
    [("picamera", 1), ("picamera:1", 1), ("picamera:2", 2), ("picamera:imx708", 1), ("picamera:imx708_wide", 2)],
)
def test_one_of_several_pi_cameras_is_chosen_by_number_or_model(
    picamera2: type[FakePicamera2], source: str, number: int
) -> None:
    picamera2.cameras = TWO_CAMERAS
    with open_camera(settings.CameraSettings(source=source, width=WIDTH, height=HEIGHT)) as camera:
        next_frame(camera)
        assert camera.name == source
    assert picamera2.opened == [number]


@pytest.mark.parametrize("source", ["picamera:0", "picamera:3", "picamera:imx219", "picamera:front"])
def test_a_pi_camera_that_is_not_there_is_told_with_those_that_are(picamera2: type[FakePicamera2], source: str) -> None:
    picamera2.cameras = TWO_CAMERAS
    with pytest.raises(
        CameraError, match=r"is not there; .*picamera:1 or picamera:imx708, picamera:2 or picamera:imx708"
    ):
        read_first(source)


@pytest.mark.parametrize(
    ("autofocus", "controls"),
    [(True, {"AfMode": 2}), (False, {"AfMode": 0}), (2.5, {"AfMode": 0, "LensPosition": 2.5})],
)
def test_a_camera_with_autofocus_follows_the_scene_unless_told_otherwise(
    picamera2: type[FakePicamera2], autofocus: bool | float, controls: dict[str, float]
) -> None:
    limits = {"FrameDurationLimits": (66666, 66666)}
    chosen = settings.CameraSettings(autofocus=autofocus)
    PiCamera(chosen).close()
    picamera2.camera_controls = {"AfMode": (0, 2, 0), "LensPosition": (0.0, 32.0, 1.0)}
    PiCamera(chosen).close()
    assert [configuration["controls"] for configuration in picamera2.configured] == [limits, limits | controls]


def test_continuous_autofocus_is_the_default() -> None:
    assert settings.CameraSettings().autofocus is True
    assert settings.parse({"camera": {"autofocus": 2}}, "test").camera.autofocus == 2.0


def test_auto_prefers_the_pi_camera(picamera2: type[FakePicamera2]) -> None:
    with open_camera(settings.CameraSettings(width=WIDTH, height=HEIGHT)) as camera:
        next_frame(camera)
        assert camera.name == "picamera"


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="a camera is plugged in here")
def test_without_any_camera_auto_shows_the_demo_but_camera_does_not(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), open_camera(settings.CameraSettings(source="auto")) as camera:
        next_frame(camera)
        assert camera.name == "demo"
    assert "no camera found" in caplog.text
    with pytest.raises(CameraError, match="no camera found"):
        read_first("camera")


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("usb:97", CameraError, "/dev/video97 is not there"),
        ("usb:/dev/video97", CameraError, "/dev/video97 is not there"),
        ("/dev/video97", CameraError, "/dev/video97 is not there"),
        ("/dev/v4l/by-id/usb-Webcam-video-index0", CameraError, "usb-Webcam-video-index0 is not there"),
        ("usb:front", UsageError, "expected a number"),
        ("usb:²", UsageError, "expected a number"),
        ("nowhere.mp4", UsageError, "no such file or folder"),
        (
            "rtsp://me:secret@127.0.0.1:9/cam?key=1",
            CameraError,
            "^rtsp://127.0.0.1:9: no stream there, the connection is refused",
        ),
    ],
)
def test_a_source_that_is_not_there_is_named(source: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_first(source)


def test_a_folder_without_images_and_a_text_as_video_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no images"):
        open_camera(settings.CameraSettings(source=str(tmp_path)))
    for name in ("a.mp4", "a.txt"):  # FFmpeg would play the latter, as text art
        text = tmp_path / name
        text.write_text("not a video\n" * 100)
        with pytest.raises(UsageError, match="not a readable video"):
            VideoFile(text)


def test_an_image_too_large_to_decode_is_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_that_claims(100_000, 100_000))
    with pytest.raises(DamagedFileError, match="10000 million pixels"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_an_image_cut_off_is_refused_instead_of_filled_with_gray(suffix: str, share: float, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8)
    whole = cv2.imencode(suffix, noise)[1].tobytes()
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole)
    assert read_image(path).shape == (120, 160)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedFileError, match=r"cut off|damaged|empty|cannot be decoded"):
        read_image(path)


def test_a_video_cut_off_gives_its_good_frames_then_one_error_then_the_end(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi")
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with VideoFile(cut) as video:
        good = 0
        with pytest.raises(DamagedFileError, match=r"\d\.\d of 2\.0 s could be read"):
            while video.read():
                good += 1
        assert 5 < good < 30
        assert video.read() is None


def test_frames_unevenly_apart_have_the_times_that_the_video_says(tmp_path: Path) -> None:
    """As motion-triggered recordings: a pause of 50 s in the middle of 6 s at 10 frames a second."""
    path = tmp_path / "a.mkv"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for gray in range(60):
        writer.write(np.full((120, 160, 3), gray, np.uint8))
    writer.release()
    content = bytearray(path.read_bytes())
    cluster = content.rfind(b"\x1f\x43\xb6\x75")  # https://www.matroska.org/technical/elements.html
    start = cluster + 14  # behind its id, size, checksum, and the id and size of its time
    begins_ms = int.from_bytes(content[start : start + 2])
    content[start : start + 2] = (begins_ms + 50_000).to_bytes(2)
    length = content.find(b"\x44\x89") + 3
    content[length : length + 8] = struct.pack(">d", struct.unpack(">d", content[length : length + 8])[0] + 50_000)
    path.write_bytes(content)
    with VideoFile(path) as video:
        times = [frame.time_s for frame in iter(video.read, None)]
    clock = FakeClock()
    with VideoFile(path, realtime=True, clock=clock, sleep=clock.sleep) as video:
        assert len(list(iter(video.read, None))) + video.dropped == 60
    assert clock.now_s < 15  # the pause is cut short
    even = np.arange(60) / 10
    np.testing.assert_allclose(times, even + np.where(even >= begins_ms / 1000, 50, 0), atol=0.01)


def test_a_video_slower_to_decode_than_its_own_pace_gives_frames_all_the_same(tmp_path: Path) -> None:
    class Slow:
        """Takes longer for a frame than the video shows it."""

        def __init__(self, capture: cv2.VideoCapture) -> None:
            self._capture = capture

        def grab(self) -> bool:
            clock.sleep(0.1)
            return self._capture.grab()

        def __getattr__(self, name: str) -> object:
            return getattr(self._capture, name)

    path = write_video(tmp_path / "a.avi", frames=30)
    clock = FakeClock()
    with VideoFile(path, realtime=True, clock=clock, sleep=clock.sleep) as video:
        video._capture = Slow(video._capture)  # type: ignore[assignment]
        frames = list(iter(video.read, None))
    assert 2 <= len(frames) < 30
    assert len(frames) + video.dropped == 30


def test_a_last_frame_that_is_shown_for_long_is_no_damage(tmp_path: Path) -> None:
    video = VideoFile(write_video(tmp_path / "a.avi", frames=30))
    video._length_seconds += 10  # as the container of such a video says
    assert len(list(iter(video.read, None))) == 30
    video.close()


def test_a_video_played_at_its_own_pace_takes_its_time_or_drops_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", frames=15)
    clock = FakeClock()
    with VideoFile(path, realtime=True, clock=clock, sleep=clock.sleep) as video:
        video.read()
        clock.sleep(0.5)  # half a second of work: seven frames are overdue
        late = video.read()
    assert late is not None
    assert late.index >= 7
    assert video.dropped == late.index - 1


@pytest.mark.parametrize(
    ("degrees", "mirror", "expected"),
    [
        (0, False, [[1, 2, 3], [4, 5, 6]]),
        (0, True, [[3, 2, 1], [6, 5, 4]]),
        (90, False, [[4, 1], [5, 2], [6, 3]]),
        (180, False, [[6, 5, 4], [3, 2, 1]]),
        (270, False, [[3, 6], [2, 5], [1, 4]]),
        (90, True, [[1, 4], [2, 5], [3, 6]]),
    ],
)
def test_frames_are_turned_clockwise_then_mirrored(degrees: int, mirror: bool, expected: list[list[int]]) -> None:
    turned = rotate(np.array([[1, 2, 3], [4, 5, 6]], np.uint8), degrees, mirror)
    assert turned.tolist() == expected
    assert turned.flags["C_CONTIGUOUS"]


def test_a_turned_camera_is_still_the_camera_it_was(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "photos")
    with open_camera(settings.CameraSettings(source=str(folder), rotate_degrees=90)) as camera:
        assert [frame.gray.shape for frame in iter(camera.read, None)] == [(WIDTH, HEIGHT)] * 3
        assert (camera.name, camera.dropped) == (str(folder), 0)


def test_only_nodes_that_hang_on_usb_count_as_usb_cameras(tmp_path: Path) -> None:
    for name, device in (("video0", "platform/codec"), ("video10", "usb1/1-1/1-1:1.0"), ("video2", "usb1/1-2/1-2:1.0")):
        node = tmp_path / "class" / name
        target = tmp_path / "devices" / device
        target.mkdir(parents=True)
        node.mkdir(parents=True)
        (node / "device").symlink_to(target)
    assert plugged_in(tmp_path / "class") == [2, 10]
    assert plugged_in(tmp_path / "none") == []


class FakeV4l2:
    """A webcam's driver: what it was asked, and the rates that it has."""

    def __init__(self, yuyv_fps: float) -> None:
        self._yuyv_fps = yuyv_fps
        self.compressed = False
        self.asked: dict[int, float] = {}

    def set(self, what: int, value: float) -> bool:
        self.compressed = self.compressed or (what == cv2.CAP_PROP_FOURCC and value == MJPG)
        self.asked[what] = value
        return True

    def get(self, what: int) -> float:
        assert what == cv2.CAP_PROP_FPS
        return self.asked[what] if self.compressed else min(self._yuyv_fps, self.asked[what])


@pytest.mark.parametrize(
    ("size", "fps", "yuyv_fps", "compressed"),
    [
        ((640, 480), 15.0, 30.0, False),
        ((640, 480), 30.0, 30.0, False),
        ((640, 480), 15.0, 0.0, False),  # the driver does not tell
        ((640, 480), 15.0, 5.0, True),  # the driver tells that it is slower than asked
        ((640, 480), 60.0, 30.0, True),
        ((1280, 720), 15.0, 10.0, True),
        ((1920, 1080), 30.0, 5.0, True),
    ],
)
def test_a_webcam_is_asked_for_mjpg_where_yuyv_is_too_slow(
    size: tuple[int, int], fps: float, yuyv_fps: float, compressed: bool
) -> None:
    driver = FakeV4l2(yuyv_fps)
    width, height = size
    asked = settings.CameraSettings(width=width, height=height, frames_per_second=fps)
    configure(driver, asked)  # type: ignore[arg-type]
    assert driver.compressed == compressed
    assert driver.asked[cv2.CAP_PROP_FRAME_WIDTH] == width
    assert driver.asked[cv2.CAP_PROP_FPS] == fps


def test_a_device_is_found_through_its_link(tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    circle = tmp_path / "circle"
    link.symlink_to("/dev/null")
    circle.symlink_to(circle)
    assert node_number(link) is None
    assert node_number(circle) is None
    assert node_number(tmp_path / "none") is None
