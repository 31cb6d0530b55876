"""Lines of the live socket's protocol: what a viewer may ask, and what it is sent."""

from typing import Any

import msgspec


class Request(msgspec.Struct):
    """A line from a viewer."""

    type: str
    by: str = ""


decode_request = msgspec.json.Decoder(Request).decode


def encode(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def error_line(message: str) -> bytes:
    return encode({"type": "error", "message": message})
