"""`edge run --page` as a newcomer starts it: the real daemon, the real gateway, a real browser."""

import os
import pty
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
    command = [sys.executable, "-m", "edge", "run", "--page", "--config", "settings.toml", "--log", "mine.db"]
    ours, terminal = pty.openpty()  # where the demo begins again, as long as the person looks
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=terminal, stderr=-1, text=True) as process:
        try:
            yield Run(process, tmp_path, _address(process))
        finally:
            process.terminate()
            process.wait(timeout=30)
            os.close(ours)
            os.close(terminal)


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
    page.goto(run.url.replace("localhost", "127.0.0.1"))  # it answers when it is said
    page.wait_for_function(WATCHING, timeout=SECONDS)
    page.wait_for_function(PAINTED, timeout=SECONDS)
    page.wait_for_selector("#boxes .box", timeout=SECONDS)
    page.reload()
    assert (run.folder / "mine.db").exists() and not (run.folder / "logs" / "demo.db").exists()
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
