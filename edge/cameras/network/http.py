"""Get one address over HTTP, with user and password by Basic or Digest, within limits of time and size."""

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge.cameras.network.address import Address, authorization

LARGEST_BYTES = 16_000_000  # a JPEG of 12 megapixels has 5
PART_BYTES = 65536


@dataclass(frozen=True)
class Answer:
    """`body` is empty where only the head was asked for, or where the status is none of success."""

    status: int
    content_type: str
    body: bytes


class TooLargeError(ValueError):
    """The body is longer than LARGEST_BYTES."""


class HttpClient:
    """Each request has `timeout_seconds`, and raises OSError, HTTPException or ValueError."""

    def __init__(self, address: Address, timeout_seconds: float) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._challenge = ""
        parts = urlsplit(address.target)
        self._path = f"{parts.path}?{parts.query}" if parts.query else parts.path

    def get(self, head_only: bool = False) -> Answer:
        """Ask, and once more as the server wants it where it asks for a password."""
        deadline_s = time.monotonic() + self._timeout_seconds
        answer, challenges = self._ask(deadline_s, head_only, self._login(self._challenge))
        for challenge in challenges:
            if answer.status == 401 and (login := self._login(challenge)):
                answer, _ = self._ask(deadline_s, head_only, login)
                self._challenge = challenge
        return answer

    def _login(self, challenge: str) -> str:
        if not challenge or not self._address.has_login:
            return ""
        return authorization(challenge, self._address, "GET", self._path)

    def _ask(self, deadline_s: float, head_only: bool, login: str) -> tuple[Answer, list[str]]:
        """The answer, and how the server wants to be told a password."""
        headers = {"User-Agent": "emotion-edge", "Connection": "close"}
        if login:
            headers["Authorization"] = login
        connection = self._connect(seconds_left(deadline_s))
        try:
            connection.request("GET", self._path, headers=headers)
            with connection.getresponse() as response:
                body = b"" if head_only or response.status != 200 else _read_body(response, deadline_s)
                answer = Answer(response.status, response.headers.get_content_type(), body)
                return answer, response.headers.get_all("WWW-Authenticate", [])
        finally:
            connection.close()

    def _connect(self, timeout_seconds: float) -> http.client.HTTPConnection:
        host = self._address.host
        port = self._address.port
        if self._address.scheme == "https":
            # Cameras sign their own certificates; FFmpeg does not verify them either.
            context = ssl._create_unverified_context()
            return http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=context)
        return http.client.HTTPConnection(host, port, timeout=timeout_seconds)


def seconds_left(deadline_s: float) -> float:
    """Until `deadline_s` of the monotonic clock; raises TimeoutError once it is over."""
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _read_body(response: http.client.HTTPResponse, deadline_s: float) -> bytes:
    parts = []
    length = 0
    while part := response.read1(PART_BYTES):
        parts.append(part)
        length += len(part)
        if length > LARGEST_BYTES:
            raise TooLargeError
        seconds_left(deadline_s)
    return b"".join(parts)
