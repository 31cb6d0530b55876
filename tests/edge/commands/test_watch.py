import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.commands.watch import Screen
from edge.daemon.streams import CLEAR_LINE
from tests.fakes.live_daemon import live_daemon
from tests.program import environment


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def live(emotion: str, state: str = "watching") -> dict[str, object]:
    face = {"track": 1, "emotion": emotion, "score": 0.83, "certain": emotion == "happy"}
    camera = {"state": state, "text": f"{state} demo", "name": "demo"}
    utc = "2026-11-28T04:40:00.123+00:00"
    return {"type": "live", "utc": utc, "frames_per_second": 14.9, "camera": camera, "faces": [face] if emotion else []}


MESSAGES = [live("happy"), live("happy"), live("sad"), live("", "paused"), live("", "paused"), live("")]


def test_a_pipe_gets_a_line_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    for message in MESSAGES:
        screen.show(message)
    lines = [line.partition("  ")[2] or line for line in stream.getvalue().splitlines()]
    assert lines == ["14.9 fps  #1 happy 83%", "14.9 fps  #1 sad? 83%", "paused demo", "14.9 fps  no face"]


def test_a_terminal_keeps_one_line_between_the_states() -> None:
    stream = Terminal()
    screen = Screen(stream)
    for message in MESSAGES:
        screen.show(message)
    assert stream.getvalue().count(CLEAR_LINE) == 4
    assert stream.getvalue().count("\npaused demo\n") == 1


@contextmanager
def watching(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "edge", "watch"]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=-1, stderr=-1, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout
    assert any(words in line for line in process.stdout), words


def test_the_real_daemon_is_watched_and_waited_for(tmp_path: Path) -> None:
    with watching(tmp_path) as process:
        wait_for(process, "no daemon at logs/live.sock (No such file or directory); waiting for it")
        with live_daemon(tmp_path):
            wait_for(process, "detector graynet")
            wait_for(process, "#1 happy")
        wait_for(process, "the daemon has ended; waiting for the next one")
        with live_daemon(tmp_path) as second:
            wait_for(process, "#1 happy")
            second.stop()
        wait_for(process, "ended")
        process.terminate()
        assert "Traceback" not in process.communicate()[1]


def test_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    with live_daemon(tmp_path), watching(tmp_path) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(30) == 141
        assert process.stderr
        assert process.stderr.read() == ""
