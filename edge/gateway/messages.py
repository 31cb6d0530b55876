"""What goes over the daemon's live socket, version 1 of the protocol: lines of JSON, and frames as raw bytes."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO

PROTOCOL = 1
MAX_LINE_BYTES = 1_000_000
MAX_PICTURE_BYTES = 64_000_000  # 4608x2592 in colour takes 36 MB

Message = dict[str, Any]


class ProtocolError(Exception):
    """The socket gave what is no message of the protocol."""


@dataclass(frozen=True)
class RawPicture:
    """A frame as the daemon sent it."""

    made_s: float
    """by CLOCK_MONOTONIC, which all processes of a machine share and nobody sets"""
    sequence: int
    width: int
    height: int
    channels: int
    data: bytes = field(repr=False)
    """rows of gray levels, or of BGR where `channels` is 3"""


def read_message(stream: BinaryIO) -> Message:
    """The next line of `stream`; raises ProtocolError where it has ended or holds no object."""
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise ProtocolError("the connection ended" if len(line) < MAX_LINE_BYTES else "a line without end")
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ProtocolError(f"no JSON: {line[:80]!r}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"expected an object, found {line[:80]!r}")
    return message


def check_hello(hello: Message) -> None:
    """Raise ProtocolError where the first line is no greeting of this version."""
    if hello.get("type") == "error":
        raise ProtocolError(str(hello.get("message")))
    if hello.get("type") != "hello" or hello.get("protocol") != PROTOCOL:
        found = f"version {hello.get('protocol')!r}" if hello.get("type") == "hello" else repr(hello.get("type"))
        raise ProtocolError(f"expected a greeting of protocol version {PROTOCOL}, found {found}; install both anew")


def read_picture(stream: BinaryIO, head: Message) -> RawPicture:
    """The frame that follows its line `head`; raises ProtocolError where its size does not fit."""
    width, height, channels = _count(head, "width"), _count(head, "height"), _count(head, "channels")
    size = _count(head, "bytes")
    if channels not in (1, 3) or size != width * height * channels or not 0 < size <= MAX_PICTURE_BYTES:
        raise ProtocolError(f"expected a frame of width * height * channels bytes, found {head}")
    data = stream.read(size)
    if len(data) != size:
        raise ProtocolError("the connection ended within a frame")
    return RawPicture(_moment(head), _count(head, "sequence"), width, height, channels, data)


def _moment(head: Message) -> float:
    """When the daemon had it; now, where it does not say so."""
    made_s = head.get("monotonic_s")
    return made_s if isinstance(made_s, float) else time.monotonic()


def _count(head: Message, key: str) -> int:
    value = head.get(key)
    if not isinstance(value, int) or value < 0:
        raise ProtocolError(f"expected {key} as a whole number, found {value!r}")
    return value
