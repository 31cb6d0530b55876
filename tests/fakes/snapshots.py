"""A network camera that gives one picture a request, and may ask for a password or misbehave."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

WIDTH = 160
HEIGHT = 120


def jpeg_of(gray: int) -> bytes:
    return cv2.imencode(".jpg", np.full((HEIGHT, WIDTH), gray, np.uint8))[1].tobytes()


class SnapshotServer:
    """Answers every GET with `status`, `content_type` and `content`; with `password` set, only to me with it."""

    def __init__(self) -> None:
        self.status = 200
        self.content_type = "image/jpeg"
        self.content = jpeg_of(77)
        self.password = ""
        self.requests = 0
        self.is_endless = False
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/snap.jpg"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(outer: SnapshotServer) -> type[BaseHTTPRequestHandler]:
    """Answers as `outer` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outer.requests += 1
            expected = "Basic " + b64encode(f"me:{outer.password}".encode()).decode()
            if outer.password and self.headers.get("Authorization") != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(outer.status)
            self.send_header("Content-Type", outer.content_type)
            if not outer.is_endless:
                self.send_header("Content-Length", str(len(outer.content)))
            self.end_headers()
            self._give_body()

        def _give_body(self) -> None:
            try:
                self.wfile.write(outer.content)
                while outer.is_endless and not outer._over.is_set():
                    self.wfile.write(bytes(1_000_000))
            except OSError:  # the visitor left
                pass

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@pytest.fixture
def snapshots() -> Iterator[SnapshotServer]:
    server = SnapshotServer()
    yield server
    server.close()
