"""Pictures and videos as people have them: every kind, name and form comes in upright, or is named."""

import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge import settings
from edge.cameras import DEMO, Frame, open_camera
from edge.cameras.media.container import decodes_av1
from edge.cameras.media.exif import orientation
from edge.cameras.media.ffmpeg import OPTIONS_VARIABLE, pixel_aspect, prefer_tcp, with_square_pixels
from edge.cameras.media.files import DamagedFileError, ImageFolder, VideoFile, open_file, read_image
from edge.cameras.media.folder import files_in, is_junk
from edge.cameras.media.kinds import Medium, kind_of
from edge.cameras.media.picture import read_picture
from edge.cameras.media.regular import shown
from edge.cameras.network.stream import StreamCamera
from edge.cameras.rotated import RotatedCamera
from edge.errors import CameraError, UsageError
from tests.fakes import media
from tests.fakes.media import video_bytes
from tests.program import TEST_DATA, Program, errors

CASES = TEST_DATA / "cases"


@pytest.fixture
def corner() -> np.ndarray:
    """(60, 100) uint8 whose upper left quarter is light."""
    picture = np.zeros((60, 100), np.uint8)
    picture[:30, :50] = 200
    return picture


@pytest.fixture
def moving() -> list[np.ndarray]:
    """20 frames (120, 160, 3) whose upper left quarter is light."""
    frames = [np.full((120, 160, 3), 20 + number, np.uint8) for number in range(20)]
    for frame in frames:
        frame[:60, :80] = 200
    return frames


def light_quarter(gray: np.ndarray) -> str:
    height, width = gray.shape
    upper = gray[: height // 2]
    lower = gray[height // 2 :]
    left = slice(None, width // 2)
    right = slice(width // 2, None)
    means = {
        "upper left": upper[:, left].mean(),
        "upper right": upper[:, right].mean(),
        "lower left": lower[:, left].mean(),
        "lower right": lower[:, right].mean(),
    }
    return max(means, key=lambda quarter: means[quarter])


def written(path: Path, content: bytes) -> Path:
    if not content:
        pytest.skip(f"OpenCV {cv2.__version__} here cannot write {path.suffix}")
    path.write_bytes(content)
    return path


def frames_of(path: Path) -> list[Frame]:
    with open_file(path) as source:
        return list(iter(source.read, None))


# Pictures


@pytest.mark.parametrize(
    "make", [media.jpeg_with_exif, media.png_with_exif, media.webp_with_exif, media.tiff_with_orientation]
)
def test_every_kind_of_picture_is_turned_as_it_says(
    make: Callable[[np.ndarray, int], bytes], corner: np.ndarray, tmp_path: Path
) -> None:
    quarters = ["upper left", "upper right", "lower right", "lower left"] * 2
    for number, quarter in enumerate(quarters, start=1):
        path = written(tmp_path / f"{number}.picture", make(corner, number))
        for picture in (read_image(path), cv2.cvtColor(read_picture(path, colour=True), cv2.COLOR_BGR2GRAY)):
            assert picture.shape == ((60, 100) if number <= 4 else (100, 60)), number
            assert light_quarter(picture) == quarter, number


def test_damaged_exif_leaves_a_picture_as_it_lies() -> None:
    assert orientation(media.exif(6, ">")) == 6
    for corrupted in (b"", b"II", media.exif(9), media.exif(6)[:12], b"XX" + media.exif(6)[2:]):
        assert orientation(corrupted) == 1


@pytest.mark.parametrize("suffix", media.SUFFIXES)
@pytest.mark.parametrize(
    "name", ["photo.jfif", "photo", "photo.mp4", "12:30:05.jpg", "img_%02d.jpg", "-x.png", "a\nb.jpg"]
)
def test_a_picture_is_told_by_its_content_whatever_its_name(
    suffix: str, name: str, corner: np.ndarray, tmp_path: Path
) -> None:
    path = written(tmp_path / name, cv2.imencode(suffix, corner)[1].tobytes())
    [frame] = frames_of(path)
    assert light_quarter(frame.gray) == "upper left"


REFUSED = {
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "JPEG XL": b"\xff\x0a" + bytes(40),
    "OpenEXR": b"\x76\x2f\x31\x01" + bytes(40),
    "Radiance HDR": b"#?RADIANCE\n\n-Y 1 +X 1\n",
    "PNM": b"P5 1 1 255\n\0",
    "Sun raster": b"\x59\xa6\x6a\x95" + bytes(40),
    "Photoshop": b"8BPS\0\1" + bytes(40),
    "camera raw": b"II*\0\x10\0\0\0CR\2\0" + bytes(40),
    "Softimage PIC": b"\x53\x80\xf6\x34" + bytes(100),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_pictures_that_opencv_is_not_shown_are_named_with_the_remedy(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jpg", REFUSED[kind])
    with pytest.raises(DamagedFileError, match=f"{kind} is not read here; export it as JPEG"):
        read_image(path)
    with pytest.raises(UsageError, match=f"{kind} is not read here"):
        open_file(path)


def test_a_raw_file_is_not_taken_for_its_small_preview(corner: np.ndarray, tmp_path: Path) -> None:
    content = bytearray(media.tiff_with_orientation(corner, 1))
    (place,) = struct.unpack_from("<I", content, 4)
    for entry in range(place + 2, len(content) - 12, 12):
        if struct.unpack_from("<H", content, entry)[0] == 259:  # compression, which this one says once more
            struct.pack_into("<HHIH", content, entry, 254, 4, 1, 1)
    with pytest.raises(DamagedFileError, match="a camera's raw file"):
        read_image(written(tmp_path / "a.nef", bytes(content)))


@pytest.mark.parametrize("make", [media.png_that_claims, media.jpeg_that_claims])
def test_a_picture_that_claims_too_many_pixels_is_named_before_it_is_decoded(
    make: Callable[[int, int], bytes], tmp_path: Path
) -> None:
    path = written(tmp_path / "huge", make(32700, 32700))
    code = f"""
import resource
from pathlib import Path
from edge.cameras.media.files import DamagedFileError, read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_image(Path({str(path)!r}))
except DamagedFileError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.PROJECT, capture_output=True, text=True, check=True
    )
    words, megabytes = done.stdout.splitlines()
    assert "32700x32700 are 1069 million pixels, expected at most 100" in words
    assert int(megabytes) < 50


def test_a_png_whose_chunk_claims_to_be_larger_than_the_file_is_not_decoded(corner: np.ndarray, tmp_path: Path) -> None:
    """OpenCV takes memory for what it claims: 1.9 GB, by the fuzzer's file."""
    content = bytearray(cv2.imencode(".png", corner)[1].tobytes())
    struct.pack_into(">I", content, 33, 0x6FAE0000)
    with pytest.raises(DamagedFileError, match="cut off, or damaged"):
        read_image(written(tmp_path / "a.png", bytes(content)))


def test_the_limit_of_pixels_is_a_setting(corner: np.ndarray, tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", cv2.imencode(".png", corner)[1].tobytes())
    assert read_image(path, max_megapixels=0.006).shape == (60, 100)
    with pytest.raises(DamagedFileError, match=r"raise camera\.max_megapixels"):
        read_image(path, max_megapixels=0.005)


@pytest.mark.parametrize(("form", "orientation", "quarter"), [("HEIF", 1, "upper left"), ("AVIF", 6, "upper right")])
def test_heic_and_avif_are_read_where_the_libraries_are(
    form: str, orientation: int, quarter: str, corner: np.ndarray, tmp_path: Path
) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs edge/requirements-heif.txt")
    from PIL import Image

    pillow_heif.register_heif_opener()
    path = tmp_path / "photo"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(corner).convert("RGB").save(path, form, quality=95, exif=exif)
    shape = (60, 100) if orientation == 1 else (100, 60)
    [frame] = frames_of(path)
    assert frame.gray.shape == shape
    assert light_quarter(frame.gray) == quarter
    assert read_picture(path, colour=True).shape == (*shape, 3)
    with pytest.raises(DamagedFileError, match="million pixels"):
        read_image(path, max_megapixels=0.001)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DamagedFileError, match="cannot be decoded"):
        read_image(path)


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_without_the_libraries_heic_and_avif_are_named_with_the_remedy(
    brand: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = written(tmp_path / "IMG_1.HEIC", struct.pack(">I4s4sI4s4s", 24, b"ftyp", brand, 0, brand, b"miaf"))
    with pytest.raises(
        DamagedFileError, match=r"(HEIC|AVIF) needs a library .*; `pip install -r edge/requirements-heif.txt`"
    ):
        read_image(path)


# What is no file, or none to be read


def test_only_regular_files_are_opened_and_none_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.jpg")
    Path("folder.jpg").mkdir()
    Path("zero.jpg").symlink_to("/dev/zero")
    Path("gone.jpg").symlink_to("nowhere.jpg")
    Path("round.jpg").symlink_to("round.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")
        words = {"pipe": "a pipe", "folder": "a folder", "zero": "a device", "socket": "a socket"}
        words |= {"gone": "No such file", "round": "symbolic links"}
        for name, word in words.items():
            path = Path(f"{name}.jpg")
            with pytest.raises(DamagedFileError, match=word):
                read_image(path)
            for open_it in (open_file, VideoFile):
                with pytest.raises(UsageError, match=word):
                    open_it(path)
    with pytest.raises(UsageError, match="a pipe"):
        open_camera(settings.CameraSettings(source="pipe.jpg"))


def test_a_name_is_shown_on_one_line_and_in_letters_that_can_be_written() -> None:
    name = shown(os.fsdecode(b"J\xfcrgen/a\nb\x1b[31m.jpg"))
    assert name == r"J\udcfcrgen/a\nb\x1b[31m.jpg"
    name.encode("ascii")
    assert shown("Jürgen.jpg") == "Jürgen.jpg"


def test_junk_of_systems_and_programs_is_left_out(tmp_path: Path) -> None:
    for name in (
        "a.jpg",
        "._a.jpg",
        ".DS_Store",
        "__MACOSX/a.jpg",
        ".thumbnails/a.jpg",
        ".ipynb_checkpoints/a.jpg",
        "b/c",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert files_in(tmp_path).files == [tmp_path / "a.jpg", tmp_path / "b" / "c"]
    assert is_junk("._a.jpg")
    assert not is_junk(".hidden.jpg")


def test_a_link_to_a_folder_is_named_and_a_loop_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    listing = files_in(tmp_path)
    assert listing.files == [tmp_path / "a.jpg"]
    assert listing.problems == [f"{tmp_path / 'again'}: a link to a folder, not followed; name that folder as well"]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    me = os.geteuid()
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    try:
        if me == 0:
            os.seteuid(65534)  # root may read everything
        problems = files_in(closed).problems
    finally:
        os.seteuid(me)
    assert problems == [f"{closed}: cannot be read (Permission denied)"]


def test_a_folder_as_source_names_all_that_it_leaves_out(
    corner: np.ndarray, moving: list[np.ndarray], tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpe"):
        (tmp_path / name).write_bytes(cv2.imencode(".jpg", corner)[1].tobytes())
    written(tmp_path / "c.avi", video_bytes("avi", "MJPG", moving))
    (tmp_path / "d.jp2").write_bytes(REFUSED["JPEG 2000"])
    os.mkfifo(tmp_path / "e.jpg")
    (tmp_path / "notes.txt").write_text("notes")
    words = []
    frames = 0
    with ImageFolder(tmp_path) as folder:
        while True:
            try:
                if folder.read() is None:
                    break
                frames += 1
            except DamagedFileError as error:
                words.append(str(error))
    assert frames == 2
    assert [Path(word.split(":")[0]).name for word in words] == ["c.avi", "d.jp2", "e.jpg"]


# Videos


@pytest.mark.parametrize(
    "name", ["12:30:05.mp4", "img_%02d.mp4", "-x.mp4", "rtsp:a.mp4", "a\nb.mp4", "no suffix", "a.jpg", "a.txt"]
)
def test_a_video_is_read_whatever_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(DEMO.read_bytes())
    with open_file(Path(name)) as video:
        assert video.read() is not None


def test_names_that_are_not_utf8_are_read(tmp_path: Path, corner: np.ndarray) -> None:
    folder = tmp_path / os.fsdecode(b"J\xfcrgen")
    folder.mkdir()
    (folder / os.fsdecode(b"Mumm\xe9.mp4")).write_bytes(DEMO.read_bytes())
    (folder / os.fsdecode(b"Mumm\xe9.jpg")).write_bytes(cv2.imencode(".jpg", corner)[1].tobytes())
    for path in sorted(folder.iterdir()):
        with open_file(path) as source:
            assert source.read() is not None
    (folder / os.fsdecode(b"Mumm\xe9.mp4")).write_bytes(DEMO.read_bytes()[:1000])
    with pytest.raises(UsageError, match=r"J\\udcfcrgen/Mumm\\udce9\.mp4: not a readable video"):
        open_file(folder / os.fsdecode(b"Mumm\xe9.mp4"))


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_file_cannot_have_another_one_or_the_network_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text(PLAYLISTS[kind].format(DEMO))
    with pytest.raises(UsageError, match="neither a picture nor a video"):
        open_file(path)
    with pytest.raises(UsageError, match="not a readable video"):
        VideoFile(path)


@pytest.mark.parametrize(("degrees", "quarter"), [(90, "upper right"), (180, "lower right"), (270, "lower left")])
def test_a_phones_video_is_upright(degrees: int, quarter: str, moving: list[np.ndarray], tmp_path: Path) -> None:
    whole = video_bytes("mp4", "mp4v", moving)
    frames = frames_of(written(tmp_path / "a.mp4", media.turned_by_the_player(whole, degrees)))
    assert len(frames) == 20
    assert frames[0].gray.shape == ((120, 160) if degrees == 180 else (160, 120))
    assert light_quarter(frames[0].gray) == quarter


@pytest.mark.parametrize(
    ("aspect", "degrees", "shape"),
    [
        ((2, 1), 0, (120, 320)),
        ((1, 2), 0, (240, 160)),
        ((12, 11), 0, (120, 175)),
        ((2, 1), 90, (320, 120)),
        ((0, 1), 0, (120, 160)),
    ],
)
def test_pixels_that_are_not_square_are_stretched(
    aspect: tuple[int, int], degrees: int, shape: tuple[int, int], moving: list[np.ndarray], tmp_path: Path
) -> None:
    content = media.with_pixel_aspect(video_bytes("mp4", "mp4v", moving), *aspect)
    if degrees:
        content = media.turned_by_the_player(content, degrees)
    path = written(tmp_path / "a.mp4", content)
    assert frames_of(path)[0].gray.shape == shape
    with open_file(path, colour=True) as video:
        frame = video.read()
    assert frame is not None and frame.bgr is not None
    assert frame.bgr.shape[:2] == frame.gray.shape == shape


def test_a_capture_that_is_no_video_says_nothing_of_its_pixels() -> None:
    assert pixel_aspect(cv2.VideoCapture()) == 1.0
    picture = np.zeros((4, 6), np.uint8)
    assert with_square_pixels(picture, 1.0) is picture


@pytest.mark.parametrize("seconds", [0.4, 100.0, 90_000.0])
def test_a_later_piece_of_a_recording_is_whole(seconds: float, moving: list[np.ndarray], tmp_path: Path) -> None:
    content = media.first_frame_at(video_bytes("mkv", "MJPG", moving), seconds)
    frames = frames_of(written(tmp_path / "late.mkv", content))
    assert len(frames) == 20
    assert [round(frame.time_s, 2) for frame in frames[:3]] == [0.0, 0.1, 0.2]


def test_a_later_piece_that_is_cut_off_is_damaged(moving: list[np.ndarray], tmp_path: Path) -> None:
    content = media.first_frame_at(video_bytes("mkv", "MJPG", moving), 100.0)
    with pytest.raises(DamagedFileError, match=r"of 2\.0 s could be read"):
        frames_of(written(tmp_path / "late.mkv", content[: len(content) // 2]))


def test_what_an_edit_list_hides_is_not_missed(moving: list[np.ndarray], tmp_path: Path) -> None:
    content = media.shown_for(video_bytes("mp4", "mp4v", moving), 1.0)
    assert 9 <= len(frames_of(written(tmp_path / "trimmed.mp4", content))) <= 11


def test_av1_is_read_or_the_missing_decoder_is_named() -> None:
    path = CASES / "av1.mp4"
    if not path.exists():
        pytest.skip("no ../shared/cases here")
    if decodes_av1():
        assert len(frames_of(path)) == 15
        return
    with pytest.raises(DamagedFileError, match=r"OpenCV 4\.11\.0 here has no AV1 decoder; convert it to H\.264"):
        frames_of(path)


def test_a_coding_that_nobody_decodes_is_named(moving: list[np.ndarray], tmp_path: Path) -> None:
    mp4 = media.renamed_codec(DEMO.read_bytes(), b"mp4v", b"zzzz").replace(b"esds", b"skip")
    mkv = video_bytes("mkv", "MJPG", moving).replace(b"V_MJPEG", b"V_ZZZZZ")
    for content, name in ((mp4, "zzzz"), (mkv, "V_ZZZZZ")):
        with pytest.raises(UsageError, match=rf"here has no '{name}' decoder; convert it to H\.264"):
            open_file(written(tmp_path / name, content))


def test_a_damaged_video_of_a_common_coding_is_not_said_to_lack_a_decoder(tmp_path: Path) -> None:
    content = bytearray(DEMO.read_bytes())
    place = content.index(b"stsd") + 12
    content[place + 4 : place + 200] = bytes(196)
    with pytest.raises((UsageError, DamagedFileError), match=r"damaged|cannot be decoded"):
        frames_of(written(tmp_path / "a.mp4", bytes(content)))


def test_whatever_opencv_raises_on_a_file_is_a_damaged_file() -> None:
    path = CASES / "faults" / "exc-a-1180.webm"
    if not path.exists():
        pytest.skip("no ../shared/cases here")
    if cv2.__version__ >= "4.14":  # reads it
        assert len(frames_of(path)) == 15
        return
    with VideoFile(path) as video:
        with pytest.raises(DamagedFileError, match="cannot be decoded"):
            video.read()
        assert video.read() is None


class Raising:
    """A capture that raises as OpenCV does."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def grab(self) -> bool:
        raise self._error

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    "error", [cv2.error("bad step"), MemoryError(), ValueError("negative"), SystemError("null"), OverflowError("int")]
)
def test_every_error_of_a_decoder_ends_the_file_and_no_more(error: Exception) -> None:
    with VideoFile(DEMO) as video:
        video._capture = Raising(error)  # type: ignore[assignment]
        with pytest.raises(DamagedFileError, match=r"demo\.mp4: cannot be decoded"):
            video.read()
        assert video.read() is None


@pytest.mark.parametrize(
    "name",
    [
        "up.mp4",
        "up.jpg",
        "phone_photo.jpg",
        "phone_photo.jfif",
        "phone_90.mp4",
        "anamorphic_sar2.mp4",
        "late_start.mkv",
    ],
)
def test_the_cases_show_the_same_scene(name: str) -> None:
    if not CASES.exists():
        pytest.skip("no ../shared/cases here")
    expected = read_image(CASES / "up.jpg").astype(int)
    frames = frames_of(CASES / name)
    assert len(frames) == (15 if Path(name).suffix in (".mp4", ".mkv") else 1)
    assert frames[0].gray.shape == expected.shape
    assert np.abs(frames[0].gray.astype(int) - expected).mean() < 8


# Colour and defaults


def test_colour_is_kept_where_it_is_asked_for_and_turned_with_the_gray(tmp_path: Path) -> None:
    red = np.zeros((40, 60, 3), np.uint8)
    red[:20, :30, 2] = 200
    path = written(tmp_path / "a.png", cv2.imencode(".png", red)[1].tobytes())
    assert frames_of(path)[0].bgr is None
    with RotatedCamera(open_file(path, colour=True), 90, False) as camera:
        frame = camera.read()
    assert frame is not None and frame.bgr is not None
    assert frame.bgr.shape == (60, 40, 3)
    assert frame.bgr[10, 30].tolist() == [0, 0, 200]
    assert light_quarter(frame.gray) == "upper right"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "rtsp_transport;tcp"),
        ("stimeout;5000000", "stimeout;5000000|rtsp_transport;tcp"),
        ("rtsp_transport;udp", "rtsp_transport;udp"),
        ("fflags;nobuffer|rtsp_transport;udp_multicast", "fflags;nobuffer|rtsp_transport;udp_multicast"),
    ],
)
def test_rtsp_comes_over_tcp_unless_the_user_chose(
    before: str | None, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(OPTIONS_VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(OPTIONS_VARIABLE, before)
    prefer_tcp()
    prefer_tcp()
    assert os.environ[OPTIONS_VARIABLE] == after


class TransportRecorder:
    """An RTSP camera that offers MJPEG, notes how a client wants it sent, and hangs up."""

    SDP = (
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        b"m=video 0 RTP/AVP 26\r\na=control:0\r\n"
    )

    def __init__(self) -> None:
        self.transport = ""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/cam"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def wait(self) -> str:
        self._thread.join(20)
        self._server.close()
        return self.transport

    def _serve(self) -> None:
        visitor, _ = self._server.accept()
        with visitor, visitor.makefile("rb") as lines:
            while not self.transport:
                request = lines.readline().split()
                headers = {}
                while (line := lines.readline().strip()) and b":" in line:
                    name, _, value = line.partition(b":")
                    headers[name.lower()] = value.strip()
                self.transport = headers.get(b"transport", b"").decode()
                body = self.SDP if request[:1] == [b"DESCRIBE"] else b""
                kind = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(body) if body else b""
                public = b"Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n"
                answer = b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n%s%s\r\n%s" % (headers.get(b"cseq", b"1"), public, kind, body)
                visitor.sendall(answer)


def test_a_cameras_rtsp_is_asked_for_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OPTIONS_VARIABLE, raising=False)
    recorder = TransportRecorder()
    with pytest.raises(CameraError, match="no stream there"):
        StreamCamera(recorder.url, settings.CameraSettings(timeout_seconds=2.0))
    assert recorder.wait().startswith("RTP/AVP/TCP;")


def test_run_names_what_is_no_file_and_ends(program: Program, tmp_path: Path, corner: np.ndarray) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    done = program("run", "--source", "pipe.jpg")
    assert done.returncode == 2
    assert "pipe.jpg: a pipe; expected a file" in errors(done)[-1]
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jfif").write_bytes(cv2.imencode(".jpg", corner)[1].tobytes())
    os.mkfifo(folder / "b.jpg")
    (folder / "c.jpg").symlink_to("/dev/zero")
    done = program("run", "--source", folder)
    assert done.returncode == 1
    assert [Path(line.split(": ")[0]).name for line in errors(done)] == ["b.jpg", "c.jpg"]


HEADS = {
    "MPEG-TS": (b"\x47" + bytes(187)) * 3,
    "MPEG": b"\0\0\1\xba" + bytes(40),
    "Matroska": b"\x1a\x45\xdf\xa3" + bytes(40),
    "GIF": b"GIF89a" + bytes(40),
    "Windows Media": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(40),
    "MP4": b"\0\0\0\x18ftyp3gp4\0\0\2\0" + bytes(40),
    "H.264 or H.265": b"\0\0\0\1\x67\x64\0\x1e" + bytes(40),
}


@pytest.mark.parametrize("name", HEADS)
def test_videos_of_all_suffixes_are_told_by_their_first_bytes(name: str) -> None:
    kind = kind_of(HEADS[name])
    assert (kind.name, kind.medium) == (name, Medium.VIDEO)


def test_camcorder_packets_with_times_are_a_transport_stream() -> None:
    assert kind_of((bytes(4) + b"\x47" + bytes(187)) * 2).name == "MPEG-TS"


@pytest.mark.parametrize("text", [b"", b"hello\n" * 20, b"<html><body>", b"{}", b"PK\3\4", b"BM but no picture at all"])
def test_other_files_are_neither(text: bytes) -> None:
    assert kind_of(text).medium is Medium.OTHER
