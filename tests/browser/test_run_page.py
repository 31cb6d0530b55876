"""`edge run --page` as a newcomer starts it: the real daemon, the real gateway, a real browser."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Browser
from tests.browser.test_page import PAINTED, SECONDS, WATCHING
from tests.program import environment


@dataclass
class Run:
    process: "subprocess.Popen[str]"
    folder: Path
    url: str


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = f'[web]\nlisten = "127.0.0.1:{port}"\n[log]\ncommit_seconds = 0.0\n'
    (tmp_path / "settings.toml").write_text(settings)
    command = [sys.executable, "-m", "edge", "run", "--page", "--config", "settings.toml"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=-3, stderr=-1, text=True) as process:
        try:
            yield Run(process, tmp_path, _address(process))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr
    for line in process.stderr:
        if "watching" in line and "demo" not in line:
            pytest.skip(f"a camera is here: {line}")
        if "the page: " in line:
            return line.split("the page: ")[1].strip()
    raise AssertionError("it ended without a page")


def test_a_newcomer_sees_the_demo_pauses_it_and_ends_it(browser: Browser, run: Run) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page: Any = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    _open(page, run.url)
    page.wait_for_function(WATCHING, timeout=SECONDS)
    page.wait_for_function(PAINTED, timeout=SECONDS)
    page.wait_for_selector("#boxes .box", timeout=SECONDS)
    page.reload()
    page.wait_for_function("() => document.getElementById('hour-chart').querySelector('canvas')", timeout=SECONDS)
    page.click("#pause")
    page.click("#ask-yes")
    page.wait_for_selector("#stage[data-message=paused]", timeout=SECONDS)
    assert (run.folder / "logs" / "paused").exists()
    page.click("#pause")
    page.wait_for_function(WATCHING, timeout=SECONDS)
    assert not (run.folder / "logs" / "paused").exists()
    run.process.terminate()
    page.wait_for_selector("#stage[data-message=lost]", timeout=2 * SECONDS)
    assert problems == []
    context.close()


def _open(page: Any, url: str) -> None:
    """The daemon says the address while its page is still starting."""
    for _ in range(100):
        try:
            page.goto(url.replace("localhost", "127.0.0.1"))
            return
        except Exception as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            page.wait_for_timeout(200)
    raise AssertionError("the page did not answer within 20 s")
