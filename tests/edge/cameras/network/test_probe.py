"""Why no stream comes: told apart by one request, in words without the password."""

import hashlib
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator

import pytest

from edge.cameras.network import probe
from edge.cameras.network.address import Address
from edge.cameras.network.stream import StreamCamera
from edge.errors import CameraError
from edge.settings import CameraSettings

DIGEST = 'Digest realm="IP Camera", nonce="abc123", algorithm=MD5'
BASIC = 'Basic realm="IP Camera"'
OTHER = "Negotiate"


class RtspCamera:
    """Answers DESCRIBE with `status`; with `challenges`, only where user me and `password` come by one of them."""

    def __init__(self) -> None:
        self.status = 404
        self.challenges: list[str] = []
        self.password = ""
        self.answer = ""
        """in place of any other, where set"""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._server.accept()
            except OSError:  # closed
                return
            with visitor:
                visitor.settimeout(5)
                try:
                    visitor.sendall(self._answer(visitor.recv(65536).decode()).encode())
                except OSError:  # the visitor left
                    continue

    def _answer(self, request: str) -> str:
        if self.answer:
            return self.answer
        lines = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
        if not self.challenges or self._is_right(lines.get("Authorization", "")):
            return f"RTSP/1.0 {self.status} Whatever\r\nCSeq: 1\r\n\r\n"
        asked = "".join(f"WWW-Authenticate: {challenge}\r\n" for challenge in self.challenges)
        return f"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n{asked}\r\n"

    def _is_right(self, authorization: str) -> bool:
        if authorization.startswith("Basic "):
            return authorization == "Basic " + b64encode(f"me:{self.password}".encode()).decode()
        who = md5(f"me:IP Camera:{self.password}")
        what = md5(f"DESCRIBE:rtsp://127.0.0.1:{self.port}/live?channel=1")
        return f'response="{md5(f"{who}:abc123:{what}")}"' in authorization

    def url(self, user: str = "") -> str:
        return f"rtsp://{user}{'@' if user else ''}127.0.0.1:{self.port}/live?channel=1"

    def close(self) -> None:
        self._server.close()


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@pytest.fixture
def rtsp_camera() -> Iterator[RtspCamera]:
    camera = RtspCamera()
    yield camera
    camera.close()


def why(url: str, timeout_seconds: float) -> str:
    return "; ".join(probe.why_no_stream(url, timeout_seconds))


@pytest.mark.parametrize("challenges", [[BASIC], [DIGEST], [OTHER, DIGEST, BASIC], [BASIC, DIGEST]])
def test_a_wrong_password_is_told_apart_from_a_stream_that_is_not_there(
    rtsp_camera: RtspCamera, challenges: list[str]
) -> None:
    rtsp_camera.challenges = challenges
    rtsp_camera.password = "a/b c"
    wrong = why(rtsp_camera.url("me:hunter2"), 2.0)
    assert "user or password refused (401)" in wrong
    assert "hunter2" not in wrong
    assert "it asks for user and password (401)" in why(rtsp_camera.url(), 2.0)
    right = why(rtsp_camera.url("me:a%2Fb%20c"), 2.0)
    assert "no stream there of that name (404); check the path" in right


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, "it answers, but no picture came"),
        (403, "may not see it (403)"),
        (404, "of that name (404)"),
        (454, "of that name (454)"),
        (503, "answers with status 503"),
    ],
)
def test_each_status_has_its_remedy(rtsp_camera: RtspCamera, status: int, words: str) -> None:
    rtsp_camera.status = status
    assert words in why(rtsp_camera.url(), 2.0)


@pytest.mark.parametrize(
    "answer", ["HTTP/1.1 200 OK\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "RTSP/1.0\r\n\r\n", "\0\xff\r\n\r\n"]
)
def test_something_else_on_that_port_is_said(rtsp_camera: RtspCamera, answer: str) -> None:
    rtsp_camera.answer = answer
    assert "another protocol" in why(rtsp_camera.url("me:hunter2"), 1.0)


def test_a_port_where_nobody_listens_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for scheme in ("rtsp", "rtsps", "http", "https"):
        assert "the connection is refused" in why(f"{scheme}://me:hunter2@127.0.0.1:{port}/live", 2.0)


def test_a_server_without_a_word_takes_no_longer_than_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for scheme in ("rtsp", "http"):
            assert "nothing answers" in why(f"{scheme}://127.0.0.1:{port}/live", 0.3)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no such host"),
        (TimeoutError(), "nothing answers"),
        (OSError(97, "Address family not supported by protocol"), "the service needs the drop-in"),
        (PermissionError(1, "Operation not permitted"), "the service needs the drop-in"),
        (OSError(113, "No route to host"), "No route to host"),
        (ConnectionResetError(), "connection lost"),
    ],
)
def test_each_failed_connection_has_its_remedy(error: OSError, words: str) -> None:
    assert words in "; ".join(probe.explain_error(error))


@pytest.mark.parametrize("password", ["hun/ter2", "hun#ter2", "hun?ter2"])
def test_an_unencoded_password_is_told_how_to_be_written(password: str) -> None:
    said = why(f"rtsp://me:{password}@10.0.0.9/live", 1.0)
    assert "/ as %2F, # as %23, ? as %3F" in said
    assert "ter2" not in said


@pytest.mark.parametrize("url", ["rtsp://me:hunter2", "rtsp://", "http://[::1", "rtsp://me:hunter2@:99999/"])
def test_what_is_no_address_is_said_without_it(url: str) -> None:
    said = why(url, 0.5)
    assert "can be taken apart" in said
    assert "hunter2" not in said


def test_an_address_is_taken_apart_and_decoded() -> None:
    address = Address.parse("rtsp://me:a%2Fb@camera:8554/live?x=1#there")
    assert (address.user, address.password, address.host, address.port) == ("me", "a/b", "camera", 8554)
    assert address.target == "rtsp://camera:8554/live?x=1"


def test_the_cameras_error_has_the_reason(rtsp_camera: RtspCamera) -> None:
    rtsp_camera.challenges = [DIGEST]
    rtsp_camera.password = "right"
    url = rtsp_camera.url("me:hunter2")
    with pytest.raises(CameraError, match=r"^rtsp://127\.0\.0\.1:\d+: user or password refused \(401\)"):
        StreamCamera(url, CameraSettings(source=url, timeout_seconds=2.0))
