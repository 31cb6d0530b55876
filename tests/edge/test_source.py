"""No spelling of a camera's source reaches a log, an error, the doctor or the run's row with its password."""

import io
from pathlib import Path

import msgspec
import pytest

from edge.cameras import NoFrameYetError, open_camera
from edge.commands import doctor
from edge.commands.doctor import camera
from edge.commands.doctor.findings import Answer, Machine
from edge.errors import EdgeError
from edge.settings import CameraSettings, parse
from edge.source import holds_password, read_argument, shown
from tests.fakes.streams import MjpegServer
from tests.program import Program

SPELLINGS = [
    "rtsp://me:hunter2@127.0.0.1:9/live",
    "RTSP://me:hunter2@127.0.0.1:9/live",
    "rtsp://127.0.0.1:9/hunter2/live",  # a key in the path
    "rtsp://127.0.0.1:9/live?key=hunter2",
    "rtsp://127.0.0.1:9/live#hunter2",
    "rtsp://127.0.0.1:9/live;pwd=hunter2",
    "rtsp://127.0.0.1:9;pwd=hunter2/live",
    "rtsp://me:hunter2@127.0.0.1:9",
    "rtsp://me:hun/ter2@127.0.0.1:9/live",
    "rtsp://me:hun#ter2@127.0.0.1:9/live",
    "rtsp://me:hun?ter2@127.0.0.1:9/live",
    "rtsp://me:hun@ter2@127.0.0.1:9/live",
    "rtsp://me:hun[ter2@127.0.0.1:9/live",
    "rtsp://me:hun\\ter2@127.0.0.1:9/live",
    "rtsp://me:hun ter2@127.0.0.1:9/live",
    "rtsp://me:hun%74er2@127.0.0.1:9/live",
    "rtsp://hunter2@127.0.0.1:9/live",
    "rtsp://me:hunter2",  # the host was forgotten
    "rtsp://me:hunter2/live",
    "rtsp://me:hunter2@",
    "rtsp:///me:hunter2@127.0.0.1/live",
    "rtsp://127.0.0.1:hunter2/live",
    "rtsp:/me:hunter2@127.0.0.1:9/live",
    "rtsp:me:hunter2@127.0.0.1:9/live",
    "rtsp:\\\\me:hunter2@127.0.0.1:9/live",
    "rtsp;//me:hunter2@127.0.0.1:9/live",
    "//me:hunter2@127.0.0.1:9/live",
    "me:hunter2@127.0.0.1:9/live",  # the scheme was forgotten
    "hunter2@127.0.0.1",
    "127.0.0.1:9/live?user=me&password=hunter2",
    "127.0.0.1/hunter2/live.mp4",
    "http://127.0.0.1:9/video?user=me@example.com&pwd=hunter2",
    "https://me:hunter2@127.0.0.1:9/snap.jpg",
    "rtmp://me:hunter2@127.0.0.1:9/live",
    "hunter2://127.0.0.1:9/live",
    "me:hunter2@rtsp://127.0.0.1:9/live",
    " rtsp://me:hunter2@127.0.0.1:9/live",
    '"rtsp://me:hunter2@127.0.0.1:9/live"',
    "rtsp%3A%2F%2Fme%3Ahunter2%40127.0.0.1",
    "usb:rtsp://me:hunter2@127.0.0.1:9/live",
    "usb:hunter2",
    "usb:/dev/../hunter2",
    "/dev/video-hunter2",
    "/dev/v4l/by-id/me:hunter2@127.0.0.1",
    "picamera:hunter2",
    "picamera:rtsp://me:hunter2@127.0.0.1:9/live",
    "camera rtsp://me:hunter2@127.0.0.1:9/live",
    "file:///hunter2",
    "rtsp://me:hunter2@127.0.0.1:9/" + 5000 * "a",  # longer than a path may be
    "hunter2" + 300 * "a",
    "rtsp://me:hunter2@" + 50_000 * "a-",
    "rtsp://" + 50_000 * "/" + "hunter2",
    "rtsp://me:hunter2\n@127.0.0.1:9/live",
    "rtsp://me:hunter2\x1b[0m@127.0.0.1:9/live",
    "rtsp://me:hunter2\ud800@127.0.0.1:9/live",
]
PARTS = ("hunter2", "ter2", "hun", "%74er2")


def assert_silent(text: str) -> None:
    for part in PARTS:
        assert part not in text.replace("user name", ""), text


@pytest.mark.parametrize("source", SPELLINGS)
def test_what_is_shown_has_no_part_of_the_password(source: str) -> None:
    assert_silent(shown(source))


@pytest.mark.parametrize("source", SPELLINGS)
def test_no_error_of_a_camera_has_it(source: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = CameraSettings(source=source, timeout_seconds=0.5, reconnect_seconds=0.0)
    with pytest.raises(EdgeError) as caught, open_camera(settings) as opened:
        while True:
            try:
                opened.read()
            except NoFrameYetError as waiting:
                assert_silent(str(waiting))
    assert_silent(str(caught.value) + caplog.text)


@pytest.mark.parametrize("source", SPELLINGS)
def test_no_finding_of_the_doctor_has_it(source: str, tmp_path: Path) -> None:
    stream = io.StringIO()
    machine = Machine(tmp_path, lambda command: Answer(0, "0 imx708"))
    findings = camera.check(CameraSettings(source=source), machine)
    doctor.show(findings, stream)
    doctor.show_json(findings, stream)
    assert_silent(stream.getvalue())


URL = "rtsp://me:hunter2@127.0.0.1/live"


@pytest.mark.parametrize(
    "tables",
    [
        {"camera": {"source": [URL]}},
        {"camera": {"source": {"url": URL}}},
        {"camera": {"source": {URL: 1}}},
        {"camera": {"source": URL + "\0"}},
        {"camera": {"source": 12345, "sources": URL}},
        {"camera": {"source": [[{"a": URL}]]}},
        {"camera": URL},
        {"camera": [URL]},
        {"camera": [{"source": URL}]},
        {"camera": {"source": True, "url": URL}},
        {"source": URL},
        {URL: 1},
        {"camera": {URL: 1}},
        {"camera": {"url": URL}},
        {"kamera": {"source": URL}},
        {"camera": {"width": URL}},
        {"camera": {"mirror": {"source": URL}}},
        {"detector": {"kind": URL}},
        {"log": {"path": [URL]}},
        {"log": URL},
    ],
)
def test_no_error_of_the_settings_has_it(tables: dict[str, object]) -> None:
    with pytest.raises(EdgeError) as caught:
        parse(tables, "settings.toml")
    assert_silent(str(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        f'[camera]\nsource = "{URL}',
        f"[camera]\nsource = {URL}\n",
        f'[camera]\nsource = "{URL}"\nsource = "{URL}"\n',
        f'[camera]\nsource: "{URL}"\n',
        f'[camera]\nsource = "{URL}\\q"\n',
        f'[camera]\n"{URL}"\n',
    ],
)
def test_no_error_of_the_toml_has_it(text: str, program: Program, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(text)
    done = program("run", "--config", config)
    assert done.returncode == 78
    assert_silent(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("auto", "auto"),
        ("camera", "camera"),
        ("picamera", "picamera"),
        ("picamera:1", "picamera:1"),
        ("picamera:imx708_wide_noir", "picamera:imx708_wide_noir"),
        ("usb:0", "usb:0"),
        ("/dev/video12", "/dev/video12"),
        (
            "usb:/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0",
            "usb:/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920-video-index0",
        ),
        (str(Path(__file__)), str(Path(__file__))),
        ("rtsp://10.0.0.9:554/live", "rtsp://10.0.0.9:554"),
        ("rtsp://me:secret@camera.local:8554/live", "rtsp://camera.local:8554"),
        ("rtsp://me:secret@camera/live", "rtsp://camera"),
        ("https://[fe80::1]:443/video", "https://[fe80::1]:443"),
        ("http://localhost:8080/video", "http://localhost:8080"),
        ("http://frontdoor:8080/video", "http://frontdoor"),
        ("rtsp://", "rtsp://..."),
    ],
)
def test_what_helps_is_shown(source: str, expected: str) -> None:
    assert shown(source) == expected


def test_values_of_other_types_are_not_shown() -> None:
    for value in (None, 5, [URL], {"a": URL}, URL.encode()):
        assert_silent(shown(value))


@pytest.mark.parametrize(
    ("source", "expected"),
    [(URL, True), ("http://cam/live?key=1", True), ("rtsp://cam/live", False), ("camera", False), ("a@b.mp4", False)],
)
def test_a_password_on_the_command_line_is_noticed(
    source: str, expected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert holds_password(source) == expected
    assert read_argument(source) == source
    assert ("`ps`" in caplog.text) == expected
    assert_silent(caplog.text)


def test_an_argument_may_be_a_file_with_the_source_in_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "camera.txt"
    file.write_text(f"{URL}\nnot this\n")
    assert read_argument(f"@{file}") == URL
    assert caplog.text == ""


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\xff"])
def test_a_file_without_a_source_in_it_is_wrong_usage(content: bytes | None, tmp_path: Path, program: Program) -> None:
    file = tmp_path / "camera.txt"
    if content is not None:
        file.write_bytes(content)
    done = program("run", "--source", f"@{file}")
    assert (done.returncode, "--source @FILE" in done.stderr) == (2, True)


def test_an_unencoded_password_is_told_how_to_be_written(program: Program) -> None:
    done = program("run", "--source", "rtsp://me:hun/ter2@127.0.0.1:9/live")
    assert done.returncode == 1
    assert "/ as %2F, # as %23, ? as %3F" in done.stderr
    assert_silent(done.stderr)


def test_the_settings_take_an_encoded_password() -> None:
    source = "rtsp://me:a%2Fb%23c%3Fd%40e@10.0.0.9/live"
    settings = msgspec.structs.replace(CameraSettings(), source=source)
    assert shown(settings.source) == "rtsp://10.0.0.9"


def test_neither_log_nor_report_nor_journal_has_it(program: Program, mjpeg: MjpegServer, tmp_path: Path) -> None:
    mjpeg.frames_a_visit = 3
    url = mjpeg.url.replace("//", "//me:hunter2@") + "/hunter2?key=hunter2"
    (tmp_path / "camera.txt").write_text(url)
    (tmp_path / "settings.toml").write_text("[camera]\nreconnect_seconds = 0.0\n")
    ran = program("run", "--config", "settings.toml", "--source", "@camera.txt")
    program("report", "--config", "settings.toml")
    assert "watching http://127.0.0.1:" in ran.stderr
    assert_silent(ran.stdout + ran.stderr)
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.name != "camera.txt":
            assert b"hunter2" not in file.read_bytes(), file
