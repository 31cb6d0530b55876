"""Read HEIC and AVIF, as phones write them, by Pillow and pillow-heif where these are installed."""

import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.cameras.media.kinds import Kind
from edge.cameras.media.regular import shown
from edge.errors import UsageError


def read_heif(
    path: Path,
    kind: Kind,
    content: bytes,
    colour: bool,
    max_pixels: float,
) -> npt.NDArray[np.uint8]:
    """Decode the file's `content` to (H, W) uint8 gray, or (H, W, 3) uint8 BGR, upright.

    Raises UsageError where the libraries are missing or it is too large, ValueError where it is damaged.
    """
    try:
        import pillow_heif
        from PIL import Image, ImageOps
    except ImportError as error:
        raise UsageError(
            f"{shown(path)}: {kind.name} needs a library that is not installed",
            "`pip install -r edge/requirements-heif.txt`, or export it as JPEG",
        ) from error
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings():  # of more pixels than Pillow likes: the limit is ours
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=("HEIF", "AVIF"))
        check_pixels(path, *picture.size, max_pixels)
        pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGB" if colour else "L"), np.uint8)
    except (OSError, SyntaxError, EOFError, RuntimeError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from error
    return np.ascontiguousarray(pixels[..., ::-1]) if colour else pixels


def check_pixels(path: Path, width: int, height: int, max_pixels: float) -> None:
    """Raise UsageError for a picture of more than `max_pixels`."""
    if width * height > max_pixels:
        raise UsageError(
            f"{shown(path)}: {width}x{height} are {width * height / 1e6:.0f} million pixels, expected at most "
            f"{max_pixels / 1e6:g}",
            "make it smaller, or raise camera.max_megapixels",
        )
