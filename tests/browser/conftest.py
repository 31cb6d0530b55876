"""A real Chromium before a real gateway; the daemon is a stand-in that plays the shipped demo."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from edge.gateway import live as gateway_live
from tests.fakes import gateway, past, player
from tests.fakes.gateway import Rig, served
from tests.fakes.live import FakeDaemon
from tests.fakes.player import Scene

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: tests/requirements-edge.txt")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCENE_SECONDS = 0.1
Page = Any
Browser = Any


@dataclass
class Visit:
    """An open page, and what went wrong on it."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """errors of scripts, and console lines that are errors or warnings"""
    hosts: set[str] = field(default_factory=set)
    """that the page asked anything of"""

    def note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "willReadFrequently" not in text:  # the tests look at the picture's pixels
            self.problems.append(text)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    return player.scenes(count=20, every=5)


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days up to now."""
    path: Path = tmp_path_factory.mktemp("past") / "emotions.db"
    past.write_past(path, datetime.now(UTC), 4.0)
    return path


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's; the browser is elsewhere."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_live, "RETRY_SECONDS", 0.1)


@pytest.fixture
def open_rig(tmp_path: Path, log: Path) -> Iterator[Callable[..., Rig]]:
    """Makes a gateway with a copy of the log, or without one."""
    opened = []

    def make(tables: dict[str, Any] | None = None, with_log: bool = True) -> Rig:
        if with_log:
            shutil.copy(log, tmp_path / "emotions.db")
        opened.append(gateway.rig(tmp_path, {"device": {"name": "Hall"}} | (tables or {})))
        return opened[-1].__enter__()

    yield make
    for rig in opened:
        rig.__exit__(None, None, None)


@contextmanager
def playing(daemon: FakeDaemon, scenes: list[Scene]) -> Iterator[None]:
    """Let `daemon` play `scenes` over and over."""
    stop = threading.Event()

    def play() -> None:
        number = 0
        while not stop.wait(SCENE_SECONDS):
            player.play(daemon, scenes[number // 5 % len(scenes)], number)
            number += 1

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def visiting(browser: Browser, rig: Rig, address: str, **options: Any) -> Iterator[Visit]:
    """A browser that came by the link with the token; `options` are playwright's for a context."""
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 900}, "timezone_id": "America/New_York"} | options
    )
    visit = Visit(context.new_page())
    visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))
    visit.page.on("console", lambda line: visit.note(line.type, line.text))
    visit.page.on("request", lambda request: visit.hosts.add(urlsplit(request.url).hostname or request.url[:5]))
    try:
        visit.page.goto(f"{address}/?token={rig.token}")
        yield visit
    finally:
        context.close()


@pytest.fixture
def open_page(browser: Browser, open_rig: Callable[..., Rig], scenes: list[Scene]) -> Iterator[Callable[..., Any]]:
    """Makes a visit to a page whose daemon plays the demo."""
    stack: list[Any] = []

    def make(tables: dict[str, Any] | None = None, with_log: bool = True, **options: Any) -> Visit:
        rig = open_rig(tables, with_log)
        daemon = _enter(stack, FakeDaemon(rig.socket))
        _enter(stack, playing(daemon, scenes))
        address = _enter(stack, served(rig))
        visit: Visit = _enter(stack, visiting(browser, rig, address, **options))
        return visit

    yield make
    while stack:
        stack.pop().__exit__(None, None, None)


def _enter(stack: list[Any], manager: Any) -> Any:
    entered = manager.__enter__()
    stack.append(manager)
    return entered


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    package = pytest.importorskip("axe_playwright_python", reason="it is not installed: tests/requirements-edge.txt")
    return Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
