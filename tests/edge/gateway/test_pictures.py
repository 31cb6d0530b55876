"""What viewers at each level get to see."""

import io
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter

from edge.colours import EMOTION_COLOURS, OTHER_COLOURS, PALETTE, ink_on
from edge.gateway import drawing
from edge.gateway.images import MOSAIC_CELLS, decode, focus_of, mosaic
from edge.gateway.messages import RawPicture
from edge.gateway.pictures import level_for
from tests.fakes import gateway, live
from tests.fakes.gateway import Rig
from tests.fakes.live import FakeDaemon

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def picture(rig: Rig, path: str = "/api/frame.jpg?boxes=0", **environ: str) -> Image.Image:
    answer = rig.app.test_client().get(path, headers=rig.bearer, environ_base=environ)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/jpeg"
    return Image.open(io.BytesIO(answer.data))


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest of any pixel."""
    extrema = ImageChops.difference(one.convert("L"), other.convert("L")).getextrema()
    return int(extrema[1])  # type: ignore[arg-type]


def original() -> Image.Image:
    return Image.frombytes("L", (live.WIDTH, live.HEIGHT), live.gray())


@pytest.mark.parametrize(
    ("setting", "local", "level"),
    [
        ("auto", True, "full"),
        ("auto", False, "boxes"),
        ("none", True, "none"),
        ("boxes", True, "boxes"),
        ("pixelated", True, "pixelated"),
        ("full", False, "full"),
    ],
)
def test_levels(setting: str, local: bool, level: str) -> None:
    assert level_for(setting, local) == level


def test_who_sits_at_the_machine_sees_the_picture(rig: Rig, daemon: FakeDaemon) -> None:
    assert difference(picture(rig), original()) < 60  # JPEG
    assert daemon.frames == 1


def test_who_comes_from_elsewhere_sees_boxes_and_no_frame_is_asked_for(rig: Rig, daemon: FakeDaemon) -> None:
    daemon.say(live.live(1, [], frame_px=[0, 0]))  # the camera is open, and gave no frame yet
    later = threading.Timer(0.3, daemon.say, [live.live(2, [])])
    later.start()
    found = picture(rig, **ELSEWHERE)
    later.join()
    assert found.size == (live.WIDTH, live.HEIGHT)
    assert difference(found, drawing.stage(*found.size)) < 8
    assert daemon.frames == 0


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_a_proxy_that_nobody_named_does_not_make_a_viewer_local(rig: Rig, daemon: FakeDaemon, header: str) -> None:
    headers = {**rig.bearer, header: "127.0.0.1"}
    page = rig.app.test_client().get("/", headers=headers)
    assert '"picture": "boxes"' in page.text
    assert '"picture": "full"' in rig.app.test_client().get("/", headers=rig.bearer).text


def test_none_gives_no_picture(tmp_path: Path) -> None:
    with gateway.rig(tmp_path, {"web": {"picture": "none"}}) as rig, FakeDaemon(rig.socket) as daemon:
        for path in ("/api/frame.jpg", "/stream.mjpg"):
            assert rig.app.test_client().get(path, headers=rig.bearer).status_code == 403
        assert daemon.frames == 0


def test_pixelated_leaves_no_detail(tmp_path: Path) -> None:
    with gateway.rig(tmp_path, {"web": {"picture": "pixelated"}}) as rig, FakeDaemon(rig.socket) as daemon:
        noise = Image.effect_noise((640, 480), 100)
        daemon.picture = (640, 480, 1, noise.tobytes())
        found = picture(rig)
    cells = found.convert("L").resize((32, 24), Image.Resampling.BOX).resize((640, 480), Image.Resampling.NEAREST)
    assert difference(found, cells) < 20, "within a square all pixels are alike"


def test_a_mosaic_is_coarse_whatever_the_size() -> None:
    for size in ((640, 480), (480, 640), (1920, 1080), (10, 10), (1, 1)):
        found = mosaic(Image.effect_noise(size, 100))
        assert found.size == size
        colours = found.getcolors(size[0] * size[1])
        assert colours is not None and len(colours) <= MOSAIC_CELLS * MOSAIC_CELLS


def test_boxes_are_drawn_where_they_are_asked_for(rig: Rig, daemon: FakeDaemon) -> None:
    assert difference(picture(rig, "/api/frame.jpg?boxes=1"), original()) > 100
    assert difference(picture(rig, "/api/frame.jpg"), original()) > 100


def test_a_colour_frame_keeps_its_colours() -> None:
    blue_bgr = bytes((255, 0, 0)) * 4
    assert decode(RawPicture(0.0, 1, 2, 2, 3, blue_bgr)).getpixel((0, 0)) == (0, 0, 255)


def test_a_large_frame_is_made_smaller(rig: Rig, daemon: FakeDaemon) -> None:
    daemon.picture = (2560, 1920, 1, bytes(2560 * 1920))
    assert picture(rig).size == (1280, 960)


def test_a_sharper_picture_has_more_focus() -> None:
    sharp = Image.effect_noise((320, 240), 60)
    blurred = sharp.filter(ImageFilter.GaussianBlur(2))
    assert focus_of(sharp) > 4 * focus_of(blurred) > 0
    assert focus_of(Image.new("L", (320, 240), 128)) == 0


def test_the_headers_say_what_it_is(rig: Rig, daemon: FakeDaemon) -> None:
    answer = rig.app.test_client().get("/api/frame.jpg", headers=rig.bearer)
    assert answer.headers["X-Picture"] == "full"
    assert answer.headers["X-Sequence"] == "1"
    assert int(answer.headers["X-Age-Ms"]) >= 0
    assert float(answer.headers["X-Focus"]) > 0


def test_while_paused_there_is_no_picture(rig: Rig, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.gateway.live_api.FRAME_SECONDS", 0.2)
    daemon.picture = None
    answer = rig.app.test_client().get("/api/frame.jpg", headers=rig.bearer)
    assert answer.status_code == 404
    assert "paused" in answer.json["error"]


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (600, 460, 200, 200), (0, 0, 640, 480), (300, 5, 1, 1)])
def test_labels_stay_inside_of_the_picture(box: tuple[float, ...]) -> None:
    image = drawing.stage(640, 480)
    face = live.face(emotion="surprise") | {"box_xywh": list(box)}
    drawing.draw_faces(image, [face], 640)
    ground = Image.new("RGB", (1, 1), EMOTION_COLOURS["surprise"]).getpixel((0, 0))
    label = [x for x in range(640) for y in range(480) if image.getpixel((x, y)) == ground]
    assert len(label) > 500, "the whole bar of the label is in the picture"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", [*EMOTION_COLOURS.values(), *OTHER_COLOURS.values(), *PALETTE])
def test_labels_can_be_read(ground: str) -> None:
    one, other = sorted((luminance(ink_on(ground)), luminance(ground)))
    assert (other + 0.05) / (one + 0.05) >= 4.5
