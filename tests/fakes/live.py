"""A daemon's live socket, by hand: says what a test tells it to, in the words of protocol 1."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from edge.contract import LABELS

HELLO = {
    "type": "hello",
    "protocol": 1,
    "version": "0.1.0",
    "model": "emotion 0.1.0 0123456789ab",
    "detector": "graynet",
    "labels": list(LABELS),
    "pid": 123,
}
WIDTH, HEIGHT = 64, 48


def face(track: int = 1, emotion: str = "happy", score: float = 0.83, certain: bool = True) -> dict[str, Any]:
    rest = (1 - score) / (len(LABELS) - 1)
    probabilities = {label: round(score if label == emotion else rest, 4) for label in LABELS}
    return {
        "track": track,
        "box_xywh": [10 + 20 * track, 8, 16, 20],
        "detection_score": 0.97,
        "emotion": emotion,
        "score": score,
        "certain": certain,
        "probabilities": probabilities,
        "since_s": 3.2,
    }


def live(sequence: int = 1, faces: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    message = {
        "type": "live",
        "utc": "2026-11-28T04:40:00.123+00:00",
        "time_s": sequence / 15,
        "sequence": sequence,
        "frames_per_second": 14.9,
        "dropped": 0,
        "frame_px": [WIDTH, HEIGHT],
        "camera": {"state": "watching", "text": "watching demo", "name": "demo"},
        "paused": False,
        "faces": [face()] if faces is None else faces,
        "region": [0, 0, 1, 1],
        "min_face_px": 32,
    }
    return message | changes


def gray(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A slope with an edge in it, so that there is something to focus on."""
    row = bytes(x * 255 // width if x != width // 2 else 255 for x in range(width))
    return row * height


class FakeDaemon:
    """Listens at `path`; `say` sends a live line to all who listen."""

    def __init__(self, path: Path, hello: dict[str, Any] | None = None) -> None:
        self.path = path
        self.heard: list[dict[str, Any]] = []
        """what clients sent, questions for frames left out"""
        self.frames = 0
        """frames that were given"""
        self.asked = 0
        """how often one was asked for"""
        self.picture: tuple[int, int, int, bytes] | None = (WIDTH, HEIGHT, 1, gray())
        """width, height, channels and bytes; None: the question waits, as while paused"""
        self.paused = False
        self.came = threading.Condition()
        self._hello = hello or HELLO
        self._newest = live()
        self._clients: list[socket.socket] = []
        self._server: socket.socket | None = None
        self._killed = False

    @property
    def clients(self) -> int:
        return len(self._clients)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(self.path))
        self._server.listen()
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """As a daemon that is killed: everything closes at once, the socket's file stays."""
        assert self._server
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        with self.came:
            self._killed = True
            for client in self._clients[:]:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def say(self, message: dict[str, Any]) -> None:
        with self.came:
            self._newest = message | {"paused": self.paused or message["paused"]}
            for client in self._clients[:]:
                _send(client, self._newest)

    def wait_for(self, what: Callable[[], bool], seconds: float = 10.0) -> None:
        with self.came:
            assert self.came.wait_for(what, seconds), "the client did not do it in time"

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), client.makefile("rb") as stream:
            with self.came:
                _send(client, self._hello)
                _send(client, self._newest)
                self._clients.append(client)
                self.came.notify_all()
                if self._killed:
                    client.shutdown(socket.SHUT_RDWR)
            for line in stream:
                self._answer(client, json.loads(line))
        with self.came:
            self._clients.remove(client)
            self.came.notify_all()

    def _answer(self, client: socket.socket, message: dict[str, Any]) -> None:
        with self.came:
            if message["type"] == "frame":
                self.asked += 1
                self._send_picture(client)
            else:
                self.heard.append(message)
                self.paused = message["type"] == "pause"
                self._newest = self._newest | {"paused": self.paused}
                _send(client, self._newest)
            self.came.notify_all()

    def _send_picture(self, client: socket.socket) -> None:
        if self.picture is None:
            return
        self.frames += 1
        width, height, channels, data = self.picture
        head = {"type": "frame", "utc": self._newest["utc"], "sequence": self._newest["sequence"]}
        size = {"width": width, "height": height, "channels": channels, "bytes": len(data)}
        _send(client, head | size, data)


def _send(client: socket.socket, message: dict[str, Any], data: bytes = b"") -> None:
    with suppress(OSError):
        client.sendall(json.dumps(message).encode() + b"\n" + data)
