"""A gateway for tests: its application, its token, and a fake daemon beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edge import settings
from edge.gateway.access_token import AccessToken
from edge.gateway.app import create_app
from edge.gateway.attempts import FailedAttempts
from edge.gateway.gateway import Gateway
from edge.gateway.live import LiveClient
from edge.gateway.server import make_server

HERE = {"Origin": "http://localhost", "X-Emotion-Edge": "1"}
"""what the page sends with a POST"""


class Buffered(FlaskClient):
    """Reads each answer to its end, so that files are closed."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, buffered=True, **kwargs)


@dataclass
class Rig:
    """Everything that one gateway is made of."""

    app: Flask
    gateway: Gateway
    folder: Path

    @property
    def token(self) -> str:
        return self.gateway.token.value()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def socket(self) -> Path:
        return self.folder / "live.sock"

    def browser(self) -> FlaskClient:
        """A client that came by the link with the token."""
        client = self.app.test_client()
        assert client.get(f"/?token={self.token}").status_code == 303
        return client


@contextmanager
def rig(folder: Path, tables: dict[str, Any] | None = None, clock: Callable[[], float] | None = None) -> Iterator[Rig]:
    """A gateway with the settings of `tables`; `clock` is what failed attempts are counted by."""
    wanted = settings.parse(tables or {}, "test")
    client = LiveClient(folder / "live.sock")
    gateway = Gateway(wanted, client, AccessToken(folder / "web-token"), folder / "emotions.db")
    app = create_app(gateway, FailedAttempts(clock) if clock else None)
    app.test_client_class = Buffered
    client.start()
    try:
        yield Rig(app, gateway, folder)
    finally:
        client.close()


@contextmanager
def served(rig: Rig) -> Iterator[str]:
    """Serve `rig` by waitress on a free port of loopback; gives its address, such as http://127.0.0.1:41234."""
    web = rig.gateway.settings.web
    with running(make_server(rig.app, settings.WebSettings(listen="127.0.0.1:0", viewers=web.viewers))) as address:
        yield address


@contextmanager
def running(server: Any) -> Iterator[str]:
    """Let a waitress server answer; gives its address."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(timeout=5)  # streams end within half a second of their viewer
        server.close()
        thread.join(timeout=5)
