"""Pictures and videos for the tests, made byte by byte or by OpenCV itself: nothing has to be installed for them."""

import struct
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

SUFFIXES = (".jpg", ".png", ".bmp", ".webp", ".tiff")
MATRIX_PLACE = 40  # of the display matrix in a `tkhd` box of version 0, behind its content's start


def exif(orientation: int, order: str = "<") -> bytes:
    """EXIF data that says nothing but how the picture is to be turned."""
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)


def jpeg_with_exif(picture: np.ndarray, orientation: int) -> bytes:
    content = cv2.imencode(".jpg", picture)[1].tobytes()
    data = b"Exif\0\0" + exif(orientation)
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + content[2:]


def png_with_exif(picture: np.ndarray, orientation: int) -> bytes:
    content = cv2.imencode(".png", picture)[1].tobytes()
    return content[:33] + png_chunk(b"eXIf", exif(orientation)) + content[33:]


def webp_with_exif(picture: np.ndarray, orientation: int) -> bytes:
    content = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 90])[1].tobytes()
    height, width = picture.shape[:2]
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    data = exif(orientation, ">")
    parts = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([8, 0, 0, 0]) + size + content[12:]
    parts += b"EXIF" + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


def tiff_with_orientation(picture: np.ndarray, orientation: int) -> bytes:
    content = bytearray(cv2.imencode(".tiff", picture, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes())
    (place,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, place)
    entries = [bytes(content[at : at + 12]) for at in range(place + 2, place + 2 + 12 * count, 12)]
    entries = [entry for entry in entries if entry[:2] != struct.pack("<H", 0x0112)]
    entries.append(struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    struct.pack_into("<I", content, 4, len(content))
    return bytes(content) + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is (height, width)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(100))) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A JPEG of a few hundred bytes that says it is (height, width)."""
    content = bytearray(cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes())
    frame = content.index(b"\xff\xc0")
    struct.pack_into(">HH", content, frame + 5, height, width)
    return bytes(content)


def video_bytes(suffix: str, fourcc: str, frames: Sequence[np.ndarray], fps: float = 10.0) -> bytes:
    """A video of the `frames`, (H, W, 3) uint8 BGR; empty where this OpenCV cannot write such."""
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{suffix}")
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*fourcc), fps, (width, height))
        for frame in frames:
            writer.write(frame)
        writer.release()
        return path.read_bytes() if path.exists() else b""


def turned_by_the_player(mp4: bytes, degrees: int) -> bytes:
    """An MP4 that says it is to be turned clockwise by `degrees`, as a phone held upright writes it."""
    one = 0x10000
    matrix = {90: (0, one, 0, -one, 0), 180: (-one, 0, 0, 0, -one), 270: (0, -one, 0, one, 0)}[degrees]
    content = bytearray(mp4)
    struct.pack_into(">5i", content, content.index(b"tkhd") + 4 + MATRIX_PLACE, *matrix)
    return bytes(content)


def renamed_codec(mp4: bytes, old: bytes, new: bytes) -> bytes:
    """An MP4 that says it is coded otherwise: its sample description has another name."""
    place = mp4.index(old, mp4.index(b"stsd"))
    return mp4[:place] + new + mp4[place + 4 :]


def shown_for(mp4: bytes, seconds: float) -> bytes:
    """An MP4 of which an edit list shows only the first `seconds`, as a trim on the phone leaves it."""
    content = bytearray(mp4)
    (timescale,) = struct.unpack_from(">I", content, content.index(b"mvhd") + 4 + 12)
    duration = round(seconds * timescale)
    struct.pack_into(">I", content, content.index(b"tkhd") + 4 + 20, duration)
    struct.pack_into(">I", content, content.index(b"elst") + 4 + 8, duration)
    return bytes(content)


def with_pixel_aspect(mp4: bytes, numerator: int, denominator: int) -> bytes:
    """An MP4 with its index at the end that says how wide a pixel is in heights."""
    content = bytearray(mp4)
    pasp = struct.pack(">I4sII", 16, b"pasp", numerator, denominator)
    place = content.index(b"moov")
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4v"):
        place = content.index(name, place)
        (size,) = struct.unpack_from(">I", content, place - 4)
        struct.pack_into(">I", content, place - 4, size + len(pasp))
    content[place - 4 + size : place - 4 + size] = pasp
    return bytes(content)


def first_frame_at(mkv: bytes, seconds: float) -> bytes:
    """A Matroska file as a later piece of a recording: its times begin at `seconds`, its length counts from 0.

    See https://www.matroska.org/technical/elements.html. A cluster's time takes the place of its checksum, too.
    """
    content = bytearray(mkv)
    cluster = -1
    while (cluster := content.find(b"\x1f\x43\xb6\x75", cluster + 1)) >= 0:
        checksum = content.index(b"\xbf\x84", cluster)
        bytes_of_time = content[checksum + 7] & 0x7F
        assert content[checksum + 6] == 0xE7
        begins_ms = int.from_bytes(content[checksum + 8 : checksum + 8 + bytes_of_time])
        time = (begins_ms + round(seconds * 1000)).to_bytes(6 + bytes_of_time)
        content[checksum : checksum + 8 + bytes_of_time] = bytes([0xE7, 0x80 | len(time)]) + time
    length = content.index(b"\x44\x89\x88") + 3
    (length_ms,) = struct.unpack_from(">d", content, length)
    struct.pack_into(">d", content, length, length_ms + seconds * 1000)
    return bytes(content)
