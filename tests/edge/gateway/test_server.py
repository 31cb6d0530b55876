"""The gateway behind its real server, on loopback."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.errors import EdgeError
from edge.gateway.server import make_server
from edge.settings import WebSettings
from tests.fakes import gateway, live
from tests.fakes.gateway import Rig, running, served
from tests.fakes.live import FakeDaemon


@contextmanager
def asked(address: str, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            yield answer
    finally:
        connection.close()


def next_message(answer: http.client.HTTPResponse) -> dict[str, object]:
    while True:
        line = answer.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            message: dict[str, object] = json.loads(line[6:])
            return message


def status(address: str, path: str, headers: dict[str, str] | None = None) -> int:
    with asked(address, path, headers or {}) as answer:
        answer.read()
        return answer.status


def test_live_values_flow_and_go_on_after_the_daemon_died(rig: Rig) -> None:
    with served(rig) as address, asked(address, "/api/live", rig.bearer) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert next_message(answer)["connected"] is False
        for sequence in (7, 8):
            with FakeDaemon(rig.socket) as daemon:
                daemon.wait_for(lambda: daemon.clients == 1)
                daemon.say(live.live(sequence))
                while (next_message(answer)["live"] or {}).get("sequence") != sequence:  # type: ignore[attr-defined]
                    pass
            while next_message(answer)["connected"]:
                pass


def test_the_stream_gives_one_picture_after_the_other(rig: Rig, daemon: FakeDaemon) -> None:
    with served(rig) as address, asked(address, "/stream.mjpg", rig.bearer) as answer:
        assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"
        for _ in range(3):
            assert answer.readline() == b"--frame\r\n"
            assert answer.readline() == b"Content-Type: image/jpeg\r\n"
            size = int(answer.readline().split(b":")[1])
            assert answer.readline() == b"\r\n"
            assert answer.read(size).startswith(b"\xff\xd8")
            assert answer.readline() == b"\r\n"
    daemon.wait_for(lambda: daemon.frames >= 3)


def test_a_slow_viewer_skips_and_delays_nobody(rig: Rig, daemon: FakeDaemon) -> None:
    words = "x" * 4000
    last = 1000
    with (
        served(rig) as address,
        listening_slowly(address, rig) as slow,
        asked(address, "/api/live", rig.bearer) as quick,
    ):
        next_message(quick)
        for sequence in range(1, last + 1):
            daemon.say(live.live(sequence, camera={"state": "watching", "text": words, "name": "demo"}))
            while sequence_of(quick) < sequence:
                pass
        content = b""
        while b'"sequence":1000,' not in content:
            content += slow.recv(65_536)
    assert len(content) < 500_000, "4 MB were sent, and what is not read is not kept"


@contextmanager
def listening_slowly(address: str, rig: Rig) -> Iterator[socket.socket]:
    """A viewer of live values whose system takes little before he reads."""
    host, port = urlsplit(address).netloc.split(":")
    with socket.socket() as viewer:
        viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        viewer.settimeout(10)
        viewer.connect((host, int(port)))
        request = f"GET /api/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {rig.token}\r\n\r\n"
        viewer.sendall(request.encode())
        yield viewer


def sequence_of(answer: http.client.HTTPResponse) -> int:
    return int((next_message(answer)["live"] or {}).get("sequence", 0))  # type: ignore[attr-defined]


def test_viewers_beyond_the_limit_are_asked_to_come_again_and_the_page_still_answers(tmp_path: Path) -> None:
    with (
        gateway.rig(tmp_path, {"web": {"viewers": 2}}) as rig,
        FakeDaemon(rig.socket),
        served(rig) as address,
        asked(address, "/api/live", rig.bearer) as one,
        asked(address, "/api/live", rig.bearer) as other,
    ):
        next_message(one)
        next_message(other)
        with asked(address, "/api/live", rig.bearer) as third:
            assert (third.status, third.headers["Retry-After"]) == (429, "10")
        assert status(address, "/healthz") == 200
        assert status(address, "/api/frame.jpg", rig.bearer) == 200
        one.close()
        deadline_s = time.monotonic() + 10
        while status_of_new_viewer(address, rig) != 200:
            assert time.monotonic() < deadline_s, "the place of a viewer who left is free again"


def status_of_new_viewer(address: str, rig: Rig) -> int:
    with asked(address, "/api/live", rig.bearer) as answer:
        return answer.status


def test_two_hundred_slow_connections_do_not_keep_others_out(rig: Rig) -> None:
    with served(rig) as address:
        host, port = urlsplit(address).netloc.split(":")
        slow = []
        for _ in range(200):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            slow.append(connection)
        assert status(address, "/healthz") == 200
        for connection in slow:
            connection.close()


@pytest.mark.parametrize(
    ("request_bytes", "status_line"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 100_000 + b"\r\n\r\n", b"431"),
        (b"POST /api/forget HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n", b"413"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", b"403"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
    ],
    ids=["a header without end", "a gigabyte", "no host", "TLS"],
)
def test_limits_on_what_comes_in(rig: Rig, request_bytes: bytes, status_line: bytes) -> None:
    with served(rig) as address:
        host, port = urlsplit(address).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(request_bytes)
            answer = connection.recv(4096)
    assert status_line in answer.split(b"\r\n")[0]
    assert b"waitress" not in answer.lower().split(b"\r\n\r\n")[0]


def test_the_server_does_not_name_itself(rig: Rig) -> None:
    with served(rig) as address, asked(address, "/healthz", {}) as answer:
        assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/static/js/chart.js", "/notice"])
def test_texts_leave_compressed_where_that_is_taken(rig: Rig, path: str) -> None:
    plain = rig.app.test_client().get(path, headers=rig.bearer)
    packed = rig.app.test_client().get(path, headers=rig.bearer | {"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < 0.5 * len(plain.data)
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_a_compressed_file_is_sent_once(rig: Rig) -> None:
    client = rig.app.test_client()
    first = client.get("/static/page.css", headers={"Accept-Encoding": "gzip"})
    headers = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    assert client.get("/static/page.css", headers=headers).status_code == 304


def test_a_named_proxy_tells_who_the_viewer_is(tmp_path: Path) -> None:
    tables = {"web": {"proxy": "127.0.0.1", "hosts": ["hall.example.org"], "listen": "127.0.0.1:0"}}
    with gateway.rig(tmp_path, tables) as rig:
        headers = {
            **rig.bearer,
            "X-Forwarded-For": "192.0.2.9",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "hall.example.org",
        }
        seen: list[tuple[str | None, str]] = []
        rig.app.before_request(lambda: seen.append(_viewer()))
        server = make_server(rig.app, rig.gateway.settings.web)
        with running(server) as address:
            assert status(address, "/api/now", headers) == 200
    assert seen == [("192.0.2.9", "https://hall.example.org/")]


def _viewer() -> tuple[str | None, str]:
    from flask import request

    return request.remote_addr, request.host_url


def test_an_address_in_use_is_named(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(EdgeError, match=rf"{listen}: cannot listen there .*web\.listen"):
            make_server(rig.app, WebSettings(listen=listen))
