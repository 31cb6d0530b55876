"""Read a picture's size from its header, before anything is decoded."""

import struct

# start of frame, ITU T.81, table B.1; the three are other tables
JPEG_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE_MARKERS = frozenset((0x01, *range(0xD0, 0xD9)))  # without a length behind them
REDUCED_PICTURE = 254
IMAGE_WIDTH = 256
IMAGE_HEIGHT = 257
TILE_WIDTH = 322
TILE_HEIGHT = 323
DNG_VERSION = 50706
TIFF_FORMATS = {3: "H", 4: "I", 16: "Q"}  # TIFF's types of whole numbers


class HeaderError(ValueError):
    """The header is damaged or of a kind that is not read here."""


def size_of(kind: str, content: bytes) -> tuple[int, int]:
    """Width and height that the header of a picture of this `kind` claims; raises HeaderError."""
    try:
        width, height = _READERS[kind](content)
    except (struct.error, IndexError) as error:
        raise HeaderError("its header is cut off") from error
    if not (width > 0 and height > 0):
        raise HeaderError(f"its header says {width}x{height} pixels")
    return width, height


def _jpeg(content: bytes) -> tuple[int, int]:
    place = 2
    while content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # filling
            place += 1
        elif marker in JPEG_BARE_MARKERS:
            place += 2
        elif marker in JPEG_SIZE_MARKERS:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        else:
            place += 2 + struct.unpack_from(">H", content, place + 2)[0]
    raise HeaderError("its header is damaged")


def _png(content: bytes) -> tuple[int, int]:
    """Also sees that each chunk ends within the file: OpenCV takes memory for what its length claims."""
    width, height = struct.unpack_from(">II", content, 16)
    place = 8
    while place < len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        if place + 12 + length > len(content):
            raise HeaderError("cut off, or damaged")
        if name == b"IEND":
            break
        place += 12 + length
    return width, height


def _bmp(content: bytes) -> tuple[int, int]:
    old = content[14] == 12  # OS/2's short header
    width, height = struct.unpack_from("<HH" if old else "<ii", content, 18)
    return width, abs(height)


def _webp(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise HeaderError("its header is damaged")


def _tiff(content: bytes) -> tuple[int, int]:
    tags = _first_directory(content)
    if tags.get(REDUCED_PICTURE, 0) & 1 or DNG_VERSION in tags:
        raise HeaderError("a camera's raw file, which begins with a small preview; export it as JPEG")
    if IMAGE_WIDTH not in tags or IMAGE_HEIGHT not in tags:
        raise HeaderError("its header is damaged")
    width = max(tags[IMAGE_WIDTH], tags.get(TILE_WIDTH, 0))
    return width, max(tags[IMAGE_HEIGHT], tags.get(TILE_HEIGHT, 0))


def _first_directory(content: bytes) -> dict[int, int]:
    """Tags of the first picture of a TIFF or BigTIFF, with their first value where that is a whole number."""
    order = "<" if content[:2] == b"II" else ">"
    if struct.unpack_from(f"{order}H", content, 2)[0] == 42:
        offset_at = 4
        offset_form = "I"
        count_form = "H"
        entry_bytes = 12
    else:
        offset_at = 8
        offset_form = "Q"
        count_form = "Q"
        entry_bytes = 20
    (place,) = struct.unpack_from(order + offset_form, content, offset_at)
    (count,) = struct.unpack_from(order + count_form, content, place)
    first = place + struct.calcsize(count_form)
    value_at = entry_bytes - struct.calcsize(offset_form)
    tags = {}
    for entry in range(first, first + entry_bytes * min(count, 65535), entry_bytes):
        tag, form = struct.unpack_from(f"{order}HH", content, entry)
        if form in TIFF_FORMATS:
            tags[tag] = struct.unpack_from(order + TIFF_FORMATS[form], content, entry + value_at)[0]
    return tags


_READERS = {"JPEG": _jpeg, "PNG": _png, "BMP": _bmp, "WebP": _webp, "TIFF": _tiff}
