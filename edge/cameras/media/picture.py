"""Read a photo: find out its kind, check its size before it is decoded, turn it upright."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.media.exif import orientation_of_webp, upright
from edge.cameras.media.ffmpeg import DamagedFileError, guarded
from edge.cameras.media.header import HeaderError, size_of
from edge.cameras.media.heif import check_pixels, read_heif
from edge.cameras.media.kinds import HEAD_BYTES, Kind, Medium, kind_of
from edge.cameras.media.regular import open_regular, shown
from edge.errors import UsageError
from edge.settings import CameraSettings

MAX_MEGAPIXELS = CameraSettings().max_megapixels
MAX_PICTURE_BYTES = 200_000_000  # it is held in memory beside its pixels
READABLE = "JPEG, PNG, BMP, WebP, TIFF, HEIC or AVIF"


def read_image(path: Path, max_megapixels: float = MAX_MEGAPIXELS) -> npt.NDArray[np.uint8]:
    """Read a photo as (H, W) uint8 gray, turned as its EXIF data says.

    Raises DamagedFileError where it is cut off, too large, or no picture that is read here.
    """
    return read_picture(path, False, max_megapixels)


def read_picture(path: Path, colour: bool, max_megapixels: float = MAX_MEGAPIXELS) -> npt.NDArray[np.uint8]:
    """As `read_image`, or (H, W, 3) uint8 BGR where `colour` is asked for."""
    try:
        kind, content = _content(path)
        with guarded(path):
            decode = read_heif if kind.medium is Medium.HEIF else _decoded
            return decode(path, kind, content, colour, max_megapixels * 1e6)
    except UsageError as error:
        raise DamagedFileError(error.found, error.remedy) from error


def kind_of_file(path: Path) -> Kind:
    """What kind of file `path` is, by its content; raises UsageError where it cannot be read."""
    try:
        with open_regular(path) as file:
            return kind_of(file.read(HEAD_BYTES), path.suffix)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> UsageError:
    """What to raise for a file that the system does not give."""
    found = f"{shown(path)}: cannot be read ({getattr(error, 'strerror', None) or error})"
    return UsageError(found, "check its name and who may read it, or copy it again")


def refusal(path: Path, kind: Kind) -> UsageError:
    """Why a file of this `kind` is not taken for a picture, and what to do."""
    if kind.medium is Medium.UNREADABLE:
        return UsageError(f"{shown(path)}: {kind.name} is not read here", "export it as JPEG or PNG")
    if kind.medium is Medium.VIDEO:
        return UsageError(f"{shown(path)}: a video ({kind.name}), expected a picture", "name it by itself")
    if path.stat().st_size == 0:
        return UsageError(f"{shown(path)}: empty", "copy it again")
    return UsageError(
        f"{shown(path)}: neither a picture nor a video",
        f"expected {READABLE}, or a video such as MP4",
    )


def _content(path: Path) -> tuple[Kind, bytes]:
    """The kind and the bytes of a picture; nothing else is read whole."""
    try:
        with open_regular(path) as file:
            head = file.read(HEAD_BYTES)
            kind = kind_of(head, path.suffix)
            if kind.medium not in (Medium.PICTURE, Medium.HEIF):
                raise refusal(path, kind)
            content = head + file.read(MAX_PICTURE_BYTES)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if len(content) > MAX_PICTURE_BYTES:
        raise UsageError(f"{shown(path)}: more than {MAX_PICTURE_BYTES / 1e6:.0f} MB", "make it smaller")
    return kind, content


def _decoded(
    path: Path,
    kind: Kind,
    content: bytes,
    colour: bool,
    max_pixels: float,
) -> npt.NDArray[np.uint8]:
    try:
        width, height = size_of(kind.name, content)
    except HeaderError as error:
        raise DamagedFileError(
            f"{shown(path)}: not a readable image: {error}", "copy it again, or export it anew"
        ) from error
    check_pixels(path, width, height, max_pixels)
    flags = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    is_webp = kind.name == "WebP"
    if is_webp:
        flags |= cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)  # refuses what is cut off, unlike `imread`
    if pixels is None:
        raise DamagedFileError(f"{shown(path)}: not a readable image, or cut off", "copy it again")
    picture = np.asarray(pixels, dtype=np.uint8)
    return upright(picture, orientation_of_webp(content)) if is_webp else picture
