"""Turn a photo upright, as its EXIF data says."""

import struct

import cv2
import numpy as np
import numpy.typing as npt

ORIENTATION = 0x0112
SHORT = 3
EXIF_PREFIX = b"Exif\0\0"
RIFF_HEADER_BYTES = 12


def orientation_of_webp(content: bytes) -> int:
    """1 to 8 as EXIF counts, 1 where it does not say. OpenCV 4.11 does not look, 4.14 does."""
    place = RIFF_HEADER_BYTES
    while place + 8 <= len(content):
        name = content[place : place + 4]
        (size,) = struct.unpack_from("<I", content, place + 4)
        if name == b"EXIF":
            return orientation(content[place + 8 : place + 8 + size].removeprefix(EXIF_PREFIX))
        place += 8 + size + size % 2
    return 1


def orientation(tiff: bytes) -> int:
    """What the first directory of EXIF data, which has TIFF's form, says; 1 where it does not say or is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if tag == ORIENTATION and kind == SHORT and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return 1
    return 1


def upright(picture: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Turn and mirror (H, W) or (H, W, 3) uint8 from EXIF's `orientation` to how it is to be seen."""
    turned: cv2.typing.MatLike = cv2.transpose(picture) if orientation >= 5 else picture
    if orientation in (2, 6):
        turned = cv2.flip(turned, 1)
    elif orientation in (3, 7):
        turned = cv2.flip(turned, -1)
    elif orientation in (4, 8):
        turned = cv2.flip(turned, 0)
    return np.asarray(turned, dtype=np.uint8)
