"""Tell what kind of file it is by its first bytes, never by its name."""

import re
from dataclasses import dataclass
from enum import Enum, auto

HEAD_BYTES = 512
TS_PACKET_BYTES = 188
TS_SYNC = 0x47
# JPEGs one after another: the first one alone looks like a photo
STREAM_SUFFIXES = (".mjpeg", ".mjpg")
MEDIA_SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".tga",
        ".png",
        ".bmp",
        ".dib",
        ".webp",
        ".tif",
        ".tiff",
        ".heic",
        ".heif",
        ".hif",
        ".avif",
        ".gif",
        ".jp2",
        ".jxl",
        ".exr",
        ".psd",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".dng",
        ".raf",
        ".orf",
        ".rw2",
        ".mp4",
        ".m4v",
        ".mov",
        ".qt",
        ".3gp",
        ".3g2",
        ".avi",
        ".mkv",
        ".webm",
        ".ts",
        ".mts",
        ".m2ts",
        ".mpg",
        ".mpeg",
        ".vob",
        ".wmv",
        ".asf",
        ".flv",
        ".ogv",
        ".mxf",
        ".dv",
        ".mjpeg",
        ".mjpg",
        ".h264",
        ".264",
        ".h265",
        ".hevc",
        ".ivf",
    ]
)
"""names of such files promise a picture or a video"""


class Medium(Enum):
    PICTURE = auto()
    HEIF = auto()
    VIDEO = auto()
    UNREADABLE = auto()
    """a picture of a kind that is not decoded here"""
    OTHER = auto()


@dataclass(frozen=True)
class Kind:
    name: str
    medium: Medium


OTHER = Kind("", Medium.OTHER)
MJPEG = Kind("Motion JPEG", Medium.VIDEO)

# Pictures that OpenCV decodes here. Others that it could decode stay out: its decoders of JPEG 2000, EXR, HDR, PFM and
# the like are little used and have had holes (CVE-2025-53644).
_PICTURES = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "BMP"),
    (rb"RIFF.{4}WEBP", "WebP"),
    (rb"(II[*+]\0|MM\0[*+])(?!.{4}CR)", "TIFF"),
)
_HEIF = (
    (rb".{4}ftyp(avif|avis)", "AVIF"),
    (rb".{4}ftyp(mif1|msf1).{4}(.{4})*?(avif|avis)", "AVIF"),
    (rb".{4}ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", "HEIC"),
)
_UNREADABLE = (
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "JPEG XL"),
    (rb"\x76\x2f\x31\x01", "OpenEXR"),
    (rb"#\?(RADIANCE|RGBE)", "Radiance HDR"),
    (rb"P[1-7Ff][ \t\r\n]", "PNM"),
    (rb"\x59\xa6\x6a\x95", "Sun raster"),
    (rb"8BPS", "Photoshop"),
    (rb"\0\0\x01\0[^\0]\0.{4}", "icon"),
    (rb"DDS ", "DDS"),
    (rb"\x53\x80\xf6\x34", "Softimage PIC"),
    (rb"II[*]\0.{4}CR|FUJIFILMCCD-RAW|IIR[OS]|IIU\0|.{4}ftypcrx ", "camera raw"),
    (rb"\s*<svg", "SVG"),
)
_VIDEOS = (
    (rb".{4}(ftyp|moov|mdat|free|skip|wide|pnot|moof|styp|sidx)", "MP4"),
    (rb"\x1a\x45\xdf\xa3", "Matroska"),
    (rb"RIFF.{4}AVI ", "AVI"),
    (rb"GIF8[79]a", "GIF"),
    (rb"OggS", "Ogg"),
    (rb"FLV\x01", "FLV"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (rb"\0\0\x01[\xba\xb3]", "MPEG"),
    (rb"\0?\0\0\x01[\x67\x27\x47\x06\x09\x40\x42\x46]", "H.264 or H.265"),
    (rb"\x06\x0e\x2b\x34", "MXF"),
    (rb"\x1f\x07", "DV"),
    (rb"DKIF", "IVF"),
    (rb"YUV4MPEG2 ", "YUV4MPEG"),
    (rb"\.RMF", "RealMedia"),
)
_SIGNATURES = tuple(
    (re.compile(pattern, re.DOTALL), Kind(name, medium))
    for medium, table in (
        (Medium.PICTURE, _PICTURES),
        (Medium.HEIF, _HEIF),
        (Medium.UNREADABLE, _UNREADABLE),
        (Medium.VIDEO, _VIDEOS),
    )
    for pattern, name in table
)


def kind_of(head: bytes, suffix: str = "") -> Kind:
    """The kind of a file that begins with `head`; `suffix` only tells a stream of JPEGs from a JPEG."""
    for signature, kind in _SIGNATURES:
        if signature.match(head):
            return MJPEG if kind.name == "JPEG" and suffix.lower() in STREAM_SUFFIXES else kind
    if _is_transport_stream(head):
        return Kind("MPEG-TS", Medium.VIDEO)
    return OTHER


def is_bystander(kind: Kind, suffix: str) -> bool:
    """Whether a folder's file neither is nor claims to be a picture or video, as `notes.txt`: no fault, but named."""
    return kind.medium is Medium.OTHER and suffix.lower() not in MEDIA_SUFFIXES


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes that each begin with a sync byte, behind a time of 4 bytes each in a camcorder's .m2ts."""
    plain = head[::TS_PACKET_BYTES][:2]
    timed = head[4 :: TS_PACKET_BYTES + 4][:2]
    return bytes([TS_SYNC] * 2) in (plain, timed)
