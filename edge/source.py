"""Read a camera's source as it was typed, and show it without the password that it may hold.

Not in edge/cameras: settings, `doctor` and the command line use it, and none of them may load OpenCV for that."""

import logging
import re
from contextlib import suppress
from pathlib import Path

from edge.errors import UsageError

STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")
OTHER_SCHEMES = ("file", "ftp", "mms", "rtmp", "rtmps", "rtp", "srt", "tcp", "udp", "v4l2")
HIDDEN = "(not shown: it may hold a password)"
EXPECTED = "auto, camera, picamera, picamera:N, usb:N, /dev/videoN, rtsp://..., http://..., a video file or a folder"
LONGEST_HOST = 253 + len(":65535")  # RFC 1035
ENCODE = "in a user name or password write / as %2F, # as %23, ? as %3F, @ as %40"

logger = logging.getLogger(__name__)

CAMERA = re.compile(r"auto|camera|demo|picamera(:([0-9]{1,2}|(imx|ov|ar|gc|sc)[0-9]{3,4}(_[a-z]{1,8})*))?")
DEVICE = re.compile(r"usb:[0-9]{1,3}|(usb:)?/dev/(video[0-9]{1,3}|v4l/by-(id|path)/[\w.:-]+-video-index[0-9]{1,2})")
HOST = re.compile(
    r"(?P<host>[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?"
)


def shown(source: object) -> str:
    """`source` as it may stand in a log: a known word, a path that is there, the host of an address; else HIDDEN.

    Path and query of an address stay out, since cameras take keys there.
    """
    if not isinstance(source, str):
        return HIDDEN
    if CAMERA.fullmatch(source) or DEVICE.fullmatch(source) or existing_path(source):
        return source
    scheme, separator, rest = source.partition("://")
    if not separator or scheme.lower() not in STREAM_SCHEMES + OTHER_SCHEMES:
        return HIDDEN
    return f"{scheme}://{_host(rest) or '...'}"


def stream_scheme(source: str) -> str:
    """Which of STREAM_SCHEMES the address `source` begins with; empty where it is no address.

    Raises UsageError for another scheme.
    """
    scheme, separator, _ = source.partition("://")
    if not separator:
        return ""
    if scheme.lower() in STREAM_SCHEMES:
        if not source.isprintable():  # nor does FFmpeg survive half a character
            raise UsageError(
                f"camera source {shown(source)}: has characters that no address has",
                "write them as %XX",
            )
        return scheme.lower()
    raise UsageError(
        f"camera source {shown(source)}: expected an address with {', '.join(STREAM_SCHEMES)}",
        "set another",
    )


def existing_path(source: str) -> Path | None:
    """The file or folder that `source` names; None where there is none, or where no path can be so."""
    with suppress(OSError, ValueError):  # too long, not permitted, a NUL in it
        if source and Path(source).exists():
            return Path(source)
    return None


def holds_password(source: str) -> bool:
    """Whether somebody who reads `source` may learn a password or a key."""
    return existing_path(source) is None and "://" in source and re.search("[@?]", source) is not None


def is_ambiguous(url: str) -> bool:
    """Whether an unencoded / ? # before an @ may have torn a password apart."""
    behind_host = re.split("[/?#]", url.partition("://")[2], maxsplit=1)[1:]
    return any("@" in part for part in behind_host)


def read_argument(argument: str) -> str:
    """The source that `--source` gives; `@FILE` is the first line of that file, out of sight of `ps`.

    Raises UsageError where the file cannot be read or is empty.
    """
    if not argument.startswith("@"):
        if holds_password(argument):
            logger.warning(
                "--source holds a password, which everybody here sees in `ps`; use --source @FILE, or camera.source"
            )
        return argument
    try:
        lines = Path(argument[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UsageError(
            f"--source @FILE: the file cannot be read ({reason})",
            "give a file with the source in it",
        ) from None
    if not lines or not lines[0].strip():
        raise UsageError("--source @FILE: the file's first line is empty", "write the source there")
    return lines[0].strip()


def _host(rest: str) -> str:
    """Host and port of what follows `://`; empty where it cannot be told for certain."""
    if is_ambiguous(f"://{rest}"):
        return ""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    found = HOST.fullmatch(authority.rpartition("@")[2][: LONGEST_HOST + 1])
    if not found or len(found[0]) > LONGEST_HOST:
        return ""
    host = found["host"]
    port = found["port"] or ""
    # `rtsp://me:1234` may be a user and a password whose host was forgotten.
    certain = "@" in authority or host.startswith("[") or "." in host or host == "localhost"
    return host + (port if certain else "")
