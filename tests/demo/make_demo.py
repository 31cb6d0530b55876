r"""Draws demo.mp4, the clip that `run` shows the daemon when there is no camera.

Two public-domain portraits (see NOTICE) are cut out of their studio and moved about in front of a
plain wall: first one person, then the other, then both, as a cheap fixed camera would see them.
The frames depend on nothing but this file and the two portraits.

Rebuild (a maintainer's job, never needed on the Pi), from the repository root:

    python3 -m venv /tmp/demo-env && /tmp/demo-env/bin/pip install \
        opencv-python-headless==4.11.0.86 'numpy<2' scikit-image matplotlib \
        && /tmp/demo-env/bin/python tests/demo/make_demo.py
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib.cbook
import numpy as np
import numpy.typing as npt
import skimage.data

OUTPUT = Path(__file__).resolve().parents[2] / "edge" / "demo" / "demo.mp4"
WIDTH_PX = 640
HEIGHT_PX = 480
FPS = 15
SEED = 1906  # any number will do, as long as it stays
SENSOR_NOISE = 2.0  # standard deviation in gray levels; the file grows with it: 3.0 makes 2.6 MB of 1.4 MB
LENS_BLUR_PX = 0.6  # a small plastic lens is never quite sharp
GRABCUT_ROUNDS = 6  # the outline no longer changes after this

Point = tuple[int, int]
Image = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Portrait:
    """One photograph and what was measured on it by eye, in its own pixels."""

    path: Path
    sha256: str
    face_center: Point
    face_height_px: int
    """Forehead to chin, as YuNet boxes it."""
    around: tuple[Point, ...]
    """A polygon that holds the whole person."""
    inside: tuple[Point, ...]
    """A polygon that holds nothing but the person."""
    extra_sleeve: tuple[Point, ...] = ()
    """Where the photo's edge cuts an arm: the polygon to be filled with the cloth beside it."""


@dataclass(frozen=True)
class Cutout:
    """A person without the studio."""

    portrait: Portrait
    person: Image
    """`(H, W, 4) float32, 0..255 BGR and 0..1 alpha, not premultiplied`"""


@dataclass(frozen=True)
class Pose:
    """Where a face is at one moment of the clip."""

    second: float
    x: float
    y: float
    face_height_px: float
    angle_deg: float


COLLINS = Portrait(
    path=Path(skimage.data.__file__).with_name("astronaut.png"),
    sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    face_center=(223, 120),
    face_height_px=113,
    around=((140, 40), (180, 8), (235, 5), (290, 30), (312, 80), (300, 140), (285, 170), (315, 250),
            (360, 275), (375, 360), (512, 330), (512, 512), (0, 512), (10, 320), (60, 240), (110, 215),
            (105, 175), (160, 140)),
    inside=((170, 60), (230, 30), (285, 70), (280, 120), (255, 170), (290, 240), (335, 300), (340, 365),
            (300, 420), (300, 512), (40, 512), (40, 380), (80, 270), (140, 210), (130, 190), (195, 170),
            (180, 120)),
)  # fmt: skip

HOPPER = Portrait(
    path=Path(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)),
    sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    face_center=(268, 227),
    face_height_px=212,
    around=((149, 118), (154, 100), (172, 88), (172, 40), (250, 12), (340, 40), (385, 90), (385, 250),
            (362, 285), (350, 305), (335, 318), (512, 380), (512, 600), (8, 600), (32, 425), (50, 360),
            (201, 322), (200, 300), (178, 294), (162, 284), (154, 265), (158, 240), (145, 200)),
    inside=((160, 115), (190, 70), (250, 40), (330, 60), (360, 110), (364, 240), (360, 262), (358, 275),
            (350, 293), (335, 302), (335, 340), (480, 400), (505, 460), (505, 600), (20, 600), (42, 420),
            (207, 335), (205, 298), (183, 291), (168, 282), (161, 267), (163, 250), (169, 236), (172, 205)),
    extra_sleeve=((506, 446), (513, 446), (536, 600), (506, 600)),
)  # fmt: skip

# second, x, y, face height, angle. Chosen so that the face, hair and hat stay in the frame and the photo's
# lower edge stays out of it.
COLLINS_ALONE = (
    Pose(0.0, 250, 230, 128, -3),
    Pose(1.3, 300, 214, 150, 2),
    Pose(2.6, 360, 226, 196, 5),
    Pose(4.0, 310, 212, 172, -2),
)
HOPPER_ALONE = (
    Pose(4.0, 390, 234, 172, 2),
    Pose(5.4, 340, 226, 186, -3),
    Pose(6.7, 290, 232, 212, -5),
    Pose(8.0, 330, 228, 190, 3),
)
COLLINS_BESIDE = (
    Pose(8.0, 178, 196, 138, 3),
    Pose(9.3, 186, 204, 146, -3),
    Pose(10.7, 172, 192, 140, 2),
    Pose(12.0, 184, 200, 148, -2),
)
HOPPER_BESIDE = (
    Pose(8.0, 462, 232, 172, -2),
    Pose(9.3, 452, 230, 176, 2),
    Pose(10.7, 468, 234, 184, 3),
    Pose(12.0, 458, 232, 174, -3),
)
CLIP_SECONDS = HOPPER_BESIDE[-1].second
BEIGE_BGR = (160, 178, 188)
BLUE_BGR = (172, 146, 118)
GRAY_BGR = (158, 166, 168)
MARGIN_PX = 60  # the backdrop is that much larger than the frame on every side, so that it can move


def read_portrait(portrait: Portrait) -> Image:
    """Returns the photo `(H, W, 3) uint8, BGR`.

    Raises:
        SystemExit: the package carries another file than the one whose rights NOTICE states.
    """
    found = hashlib.sha256(portrait.path.read_bytes()).hexdigest()
    if found != portrait.sha256:
        raise SystemExit(f"{portrait.path}: expected sha256 {portrait.sha256}, found {found}")
    return cv2.imread(str(portrait.path), cv2.IMREAD_COLOR)


def filled(shape_hw: tuple[int, int], polygon: tuple[Point, ...]) -> Mask:
    """`(H, W) bool`, true within the polygon."""
    mask = np.zeros(shape_hw, np.uint8)
    if polygon:
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], 1)
    return mask.astype(bool)


def person_mask(photo_bgr: Image, portrait: Portrait) -> Mask:
    """Finds the person between the two hand-drawn polygons: `(H, W) bool`."""
    shape_hw = photo_bgr.shape[:2]
    mask = np.full(shape_hw, cv2.GC_BGD, np.uint8)
    mask[filled(shape_hw, portrait.around)] = cv2.GC_PR_FGD
    mask[filled(shape_hw, portrait.inside)] = cv2.GC_FGD
    cv2.setRNGSeed(SEED)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(photo_bgr, mask, None, *models, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    person = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    person = cv2.morphologyEx(person, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    person = cv2.medianBlur(person, 5)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(person)
    return labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])


def spread(image: Image, known: Mask, sigma_px: float) -> Image:
    """A blur that looks at the known pixels only, and so carries their colors into the unknown ones."""
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma_px)
    total = cv2.GaussianBlur(image * known[..., None].astype(np.float32), (0, 0), sigma_px)
    return total / np.maximum(weight, 1e-6)[..., None]


def cut_out(portrait: Portrait) -> Cutout:
    """Frees the person of the studio, with a soft edge that holds none of its colors."""
    photo = read_portrait(portrait)
    mask = person_mask(photo, portrait)

    # The arm that the photo's edge cuts off goes on for a few pixels in the color of the cloth beside it.
    extra_px = 32
    photo = cv2.copyMakeBorder(photo, 0, 0, 0, extra_px, cv2.BORDER_REFLECT)
    mask = np.pad(mask, ((0, 0), (0, extra_px)))
    mask |= filled(mask.shape, portrait.extra_sleeve)

    # The outermost pixels hold some of the old background: they take the color of the pixels within.
    photo = photo.astype(np.float32)
    core = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1).astype(bool)
    person_bgr = np.where(core[..., None], photo, spread(photo, core, 2.0))
    alpha = cv2.erode(mask.astype(np.float32), np.ones((3, 3), np.uint8), borderValue=1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.2)
    return Cutout(portrait, np.dstack([person_bgr, alpha]))


def wall(paint_bgr: tuple[int, int, int]) -> Image:
    """A plain, slightly uneven wall lit from the upper left, larger than the frame by the margin."""
    height_px = HEIGHT_PX + 2 * MARGIN_PX
    width_px = WIDTH_PX + 2 * MARGIN_PX
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    light = 1.12 - 0.25 * (x / width_px) - 0.20 * (y / height_px)
    stains = np.random.default_rng(SEED).normal(size=(8, 10)).astype(np.float32)
    light += 0.02 * cv2.resize(stains, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return light[..., None] * np.array(paint_bgr, np.float32)


def pose_at(second: float, poses: tuple[Pose, ...]) -> Pose:
    """Eases from one pose to the next: a body has no corners in its path."""
    after = next(i for i, pose in enumerate(poses) if i and second <= pose.second)
    start = poses[after - 1]
    end = poses[after]
    part = (second - start.second) / (end.second - start.second)
    part = part * part * (3 - 2 * part)
    mixed = {name: (1 - part) * getattr(start, name) + part * getattr(end, name) for name in vars(start)}
    return Pose(**mixed)


def place(frame: Image, cutout: Cutout, pose: Pose) -> Image:
    """Returns the frame with the person drawn in front of it."""
    portrait = cutout.portrait
    scale = pose.face_height_px / portrait.face_height_px
    matrix = cv2.getRotationMatrix2D(portrait.face_center, pose.angle_deg, scale)
    matrix[:, 2] += np.array([pose.x, pose.y]) - portrait.face_center
    person = cv2.warpAffine(cutout.person, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_CUBIC)
    alpha = np.clip(person[..., 3:], 0, 1)
    return frame * (1 - alpha) + person[..., :3] * alpha


def backdrop(wall_bgr: Image, pose: Pose) -> Image:
    """The part of the wall in view: it follows the person by a fifth, as things far away do."""
    left = MARGIN_PX - 0.2 * (pose.x - WIDTH_PX / 2)
    top = MARGIN_PX - 0.2 * (pose.y - HEIGHT_PX / 2)
    matrix = np.array([[1, 0, -left], [0, 1, -top]])
    return cv2.warpAffine(wall_bgr, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR)


def as_camera(scene: Image, second: float, noise: np.random.Generator) -> Image:
    """What a cheap sensor makes of a scene: vignette, wandering exposure, blur, noise: `uint8, BGR`."""
    y, x = np.mgrid[-1 : 1 : HEIGHT_PX * 1j, -1 : 1 : WIDTH_PX * 1j]
    vignette = 1 - 0.10 * (x * x + y * y)
    exposure = 0.97 + 0.09 * np.sin(2 * np.pi * second / 5.0) + 0.02 * np.sin(2 * np.pi * second / 1.7)
    scene = cv2.GaussianBlur(scene, (0, 0), LENS_BLUR_PX) * (vignette * exposure)[..., None]
    grain = noise.normal(0, SENSOR_NOISE, (HEIGHT_PX, WIDTH_PX))
    return np.clip(np.rint(scene + grain[..., None]), 0, 255).astype(np.uint8)


def frames() -> Iterator[Image]:
    """Yields every frame of the clip, `(HEIGHT_PX, WIDTH_PX, 3) uint8, BGR`."""
    collins = cut_out(COLLINS)
    hopper = cut_out(HOPPER)
    shots = (  # who is in it, from the back to the front, and what is behind them
        (wall(BEIGE_BGR), ((collins, COLLINS_ALONE),)),
        (wall(BLUE_BGR), ((hopper, HOPPER_ALONE),)),
        (wall(GRAY_BGR), ((collins, COLLINS_BESIDE), (hopper, HOPPER_BESIDE))),
    )
    noise = np.random.default_rng(SEED)
    for number in range(round(CLIP_SECONDS * FPS)):
        second = number / FPS
        behind, people = next(shot for shot in shots if second < shot[1][0][1][-1].second)
        scene = backdrop(behind, pose_at(second, people[0][1]))
        for cutout, poses in people:
            scene = place(scene, cutout, pose_at(second, poses))
        yield as_camera(scene, second, noise)


def main() -> None:
    cv2.setNumThreads(1)  # the same sums in the same order on every machine
    # MPEG-4 part 2: written and read by the FFmpeg within OpenCV's wheels, which have no H.264 encoder.
    # OpenCV 4.11 chooses the quality by itself (OPENCV_FFMPEG_WRITER_OPTIONS changes nothing here).
    fourcc = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(OUTPUT), cv2.CAP_FFMPEG, fourcc, FPS, (WIDTH_PX, HEIGHT_PX))
    if not writer.isOpened():
        raise SystemExit(f"{OUTPUT}: this OpenCV cannot write MPEG-4 video; take the version named above")
    count = 0
    for frame in frames():
        writer.write(frame)
        count += 1
    writer.release()
    print(f"{OUTPUT}: {count} frames, {OUTPUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
