"""JPEG, mosaic and focus of frames, by Pillow: with numpy OpenCV takes 35 MB of memory, Pillow 5."""

import io

from PIL import Image, ImageFilter, ImageStat

from edge.gateway.messages import RawPicture

QUALITY = 80  # JPEG: 640x480 gray in about 40 kB
WIDEST_PX = 1280  # larger frames are made smaller: a page shows no more, and a stream would take a second each
MOSAIC_CELLS = 32  # along the longer side of a pixelated picture; a face of a fifth of it keeps six or seven
# The Laplacian of a gray picture; a quarter of it, around 128, fits into a byte.
LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=4, offset=128)


def decode(raw: RawPicture) -> Image.Image:
    size = (raw.width, raw.height)
    if raw.channels == 1:
        return Image.frombytes("L", size, raw.data)
    return Image.frombytes("RGB", size, raw.data, "raw", "BGR")


def mosaic(image: Image.Image) -> Image.Image:
    """The whole picture in large squares: what the detector misses is hidden as well."""
    cell_px = max(1, round(max(image.size) / MOSAIC_CELLS))
    cells = (max(1, image.width // cell_px), max(1, image.height // cell_px))
    return image.resize(cells, Image.Resampling.BOX).resize(image.size, Image.Resampling.NEAREST)


def focus_of(image: Image.Image) -> float:
    """Variance of the Laplacian."""
    quarter = image.convert("L").filter(LAPLACIAN)
    return float(round(ImageStat.Stat(quarter).var[0] * 16, 1))


def smaller(image: Image.Image) -> Image.Image:
    if image.width <= WIDEST_PX:
        return image
    height = max(1, round(image.height * WIDEST_PX / image.width))
    return image.resize((WIDEST_PX, height), Image.Resampling.BILINEAR)


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
