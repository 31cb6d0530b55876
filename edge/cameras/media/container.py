"""Read from a video's container what OpenCV does not tell: its codec, and how much of it is shown."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import cv2

SEARCHED_BYTES = 1 << 20  # Matroska and AVI have their tracks in front
MAX_MOOV_BYTES = 64 << 20  # MP4's index: 10 MB for a day of video
MATROSKA_CODEC = re.compile(rb"\x86[\x81-\xbf](V_[A-Z0-9/]+)")
AVI_CODEC = re.compile(rb"vids([\x20-\x7e]{4})")
EVERYWHERE = frozenset(
    [
        "avc1",
        "avc3",
        "hev1",
        "hvc1",
        "mp4v",
        "s263",
        "mjpa",
        "mjpb",
        "jpeg",
        "vp08",
        "vp09",
        "apch",
        "apcn",
        "apcs",
        "apco",
        "ap4h",
        "H264",
        "h264",
        "X264",
        "XVID",
        "DIVX",
        "DX50",
        "FMP4",
        "MJPG",
        "mjpg",
        "V_MPEG4/ISO/AVC",
        "V_MPEG4/ISO/ASP",
        "V_MPEGH/ISO/HEVC",
        "V_VP8",
        "V_VP9",
        "V_MJPEG",
        "V_MPEG1",
        "V_MPEG2",
    ]
)
"""codings that every OpenCV of pip and Debian decodes: such a file that cannot be opened is damaged"""
AV1 = frozenset(("av01", "AV01", "V_AV1"))
NAMES = {
    "av01": "AV1",
    "AV01": "AV1",
    "V_AV1": "AV1",
    "vvc1": "H.266 (VVC)",
    "vvi1": "H.266 (VVC)",
    "encv": "encrypted",
}
AV1_SAMPLE = bytes.fromhex(
    "444b494600002000415630314000400019000000010000000100000000000000"
    "1b000000000000000000000012000a0a00000002afff9b5f2008320b1000c000000280000009ac"
)
"""one gray frame of 64x64 in an IVF file, made by libaom"""


@dataclass(frozen=True)
class Told:
    codec: str = ""
    """as this kind of container names it; empty where it is not told"""
    shown_seconds: float = 0.0
    """without what an edit list hides, as a trim on the phone does; 0 where it is not told"""


def read_container(file: BinaryIO, kind: str) -> Told:
    """What `file`, of a `kind` as kinds.py names it, says; leaves it at its start."""
    file.seek(0)
    try:
        if kind == "MP4":
            return _mp4(_moov(file))
        if kind in ("Matroska", "AVI"):
            found = (MATROSKA_CODEC if kind == "Matroska" else AVI_CODEC).search(file.read(SEARCHED_BYTES))
            return Told(found[1].decode("ascii") if found else "")
    except (struct.error, IndexError, OverflowError):  # damaged; FFmpeg sees what it can make of it
        pass
    finally:
        file.seek(0)
    return Told()


def missing_decoder(codec: str) -> str:
    """What this OpenCV cannot decode of a video of this `codec`, in words; empty where it can, or nothing is known."""
    name = NAMES.get(codec, repr(codec))
    if codec in AV1:
        return "" if decodes_av1() else name
    return "" if not codec or codec in EVERYWHERE else name


@cache
def decodes_av1() -> bool:
    """Tried, because no version says it: pip's OpenCV 4.11 opens AV1 and then gives no frame."""
    with NamedTemporaryFile(suffix=".ivf") as sample:
        sample.write(AV1_SAMPLE)
        sample.flush()
        capture = cv2.VideoCapture(sample.name, cv2.CAP_FFMPEG)
        decoded = capture.isOpened() and capture.read()[0]
        capture.release()
    return decoded


def _moov(file: BinaryIO) -> bytes:
    """The content of an MP4's index, wherever it lies; empty where there is none."""
    place = 0
    while len(head := _at(file, place, 16)) >= 8:
        size, name = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", head, 8)
            header = 16
        if name == b"moov":
            return _at(file, place + header, min(max(size - header, 0), MAX_MOOV_BYTES))
        if size < header:  # 0: up to the file's end
            break
        place += size
    return b""


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)


def _mp4(moov: bytes) -> Told:
    timescale = _timescale(_first(moov, b"mvhd"))
    for name, track in _boxes(moov):
        media = _first(track, b"mdia") if name == b"trak" else b""
        if _first(media, b"hdlr")[8:12] == b"vide":
            descriptions = _first(_first(_first(media, b"minf"), b"stbl"), b"stsd")
            codec = descriptions[12:16].decode("latin-1")
            return Told(codec, _track_duration(_first(track, b"tkhd")) / timescale if timescale else 0.0)
    return Told()


def _timescale(mvhd: bytes) -> int:
    """Units of a second; version 1 has longer times in front."""
    return int(struct.unpack_from(">I", mvhd, 20 if mvhd[0] == 1 else 12)[0]) if mvhd else 0


def _track_duration(tkhd: bytes) -> int:
    """In the movie's units; 0 where the fragments that follow have it."""
    if not tkhd:
        return 0
    duration = struct.unpack_from(">Q", tkhd, 28)[0] if tkhd[0] == 1 else struct.unpack_from(">I", tkhd, 20)[0]
    return 0 if duration in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF) else int(duration)


def _first(content: bytes, name: bytes) -> bytes:
    """The content of the first box called `name` in `content`, a row of boxes; empty where there is none."""
    return next((inner for found, inner in _boxes(content) if found == name), b"")


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        if size < 8:
            return
        yield name, content[place + 8 : place + size]
        place += size
