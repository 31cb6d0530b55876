"""Find out why an address gives no stream, by one request over RTSP or HTTP. FFmpeg says only that it gives none."""

import errno
import socket
import ssl
import time
from email.message import Message
from email.parser import Parser
from http.client import HTTPException

from edge.cameras.network.address import Address, AddressError, authorization
from edge.cameras.network.http import HttpClient, seconds_left
from edge.source import ENCODE, is_ambiguous

Why = tuple[str, str]  # what was found, and what to do
LONGEST_SECONDS = 3.0
LARGEST_ANSWER = 65536  # bytes of RTSP headers
NO_NETWORK = (errno.EAFNOSUPPORT, errno.EPERM, errno.EACCES)
NEEDS_DROP_IN = "the service needs the drop-in that emotion-edge.service describes"


def why_no_stream(url: str, timeout_seconds: float) -> Why:
    """The reason and the remedy, in words that hold nothing of `url`; takes `timeout_seconds` at most, or 3."""
    if is_ambiguous(url):
        return "not an address that can be taken apart", ENCODE
    try:
        address = Address.parse(url)
    except AddressError:
        return "not an address that can be taken apart", f"check it, and {ENCODE}"
    seconds = min(timeout_seconds, LONGEST_SECONDS)
    try:
        if address.scheme in ("rtsp", "rtsps"):
            return explain_status(_rtsp_status(address, seconds), address)
        return explain_status(HttpClient(address, seconds).get(head_only=True).status, address)
    except OSError as error:
        return explain_error(error)
    except (HTTPException, ValueError):
        return "what answers there speaks another protocol", "check the address and its port"


def explain_status(status: int, address: Address) -> Why:
    """What an answer with `status` means for the one who wrote the settings."""
    if status == 401 and not address.has_login:
        return "it asks for user and password (401)", "write them before the host, as USER:PASSWORD@HOST"
    if status == 401:
        return "user or password refused (401)", f"check both, and {ENCODE}"
    if status == 403:
        return "this user may not see it (403)", "allow it in the camera's settings"
    if status in (404, 454, 410):
        return f"no stream there of that name ({status})", "check the path behind the host"
    if 200 <= status < 300:
        return "it answers, but no picture came that OpenCV can play", "check the path, and the camera's codec"
    return f"no stream there, it answers with status {status}", "check the address, and the camera's settings"


def explain_error(error: OSError) -> Why:
    """What a failed connection means."""
    if isinstance(error, socket.gaierror):
        return "no stream there, no such host", "check its name"
    if isinstance(error, ssl.SSLError):
        return "its certificate or encryption is not accepted", "check the address, or use it without TLS"
    if isinstance(error, TimeoutError):
        return "no stream there, nothing answers", "check the address, and that the camera is on"
    if isinstance(error, ConnectionRefusedError):
        return "no stream there, the connection is refused", "check the port, and that the camera is on"
    if error.errno in NO_NETWORK:
        return "this process may not use the network", NEEDS_DROP_IN
    return f"no stream there ({error.strerror or 'connection lost'})", "check the address, and that the camera is on"


def _rtsp_status(address: Address, timeout_seconds: float) -> int:
    """Of DESCRIBE, with user and password as the server asks for them. Raises OSError, ValueError."""
    deadline_s = time.monotonic() + timeout_seconds
    status, headers = _describe(address, deadline_s, login="")
    if not address.has_login:
        return status
    for challenge in headers.get_all("WWW-Authenticate", []):
        if status == 401 and (login := authorization(challenge, address, "DESCRIBE", address.target)):
            status, _ = _describe(address, deadline_s, login)
    return status


def _describe(address: Address, deadline_s: float, login: str) -> tuple[int, Message]:
    lines = [f"DESCRIBE {address.target} RTSP/1.0", "CSeq: 1", "Accept: application/sdp"]
    if login:
        lines.append(f"Authorization: {login}")
    request = "\r\n".join([*lines, "", ""]).encode()
    with socket.create_connection((address.host, address.port), seconds_left(deadline_s)) as plain:
        connection = plain
        if address.scheme == "rtsps":
            context = ssl._create_unverified_context()  # FFmpeg does not verify either
            connection = context.wrap_socket(plain, server_hostname=address.host)
        connection.sendall(request)
        text = _read_headers(connection, deadline_s).decode(errors="replace")
    first, _, rest = text.partition("\r\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdecimal():
        raise ValueError("not RTSP")
    return int(words[1]), Parser().parsestr(rest, headersonly=True)


def _read_headers(connection: socket.socket, deadline_s: float) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < LARGEST_ANSWER:
        connection.settimeout(seconds_left(deadline_s))
        part = connection.recv(4096)
        if not part:
            break
        answer += part
    return answer
