"""`python -m edge forget`: asked twice, and only what was asked for goes."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from edge.events import EventLog
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill, rows
from tests.program import Program, environment, errors


@pytest.fixture
def log(tmp_path: Path) -> Path:
    fill(tmp_path / "log.db", 200)
    return tmp_path / "log.db"


def test_what_was_asked_for_is_forgotten_and_told(log: Path, program: Program) -> None:
    times = ["--since", "2026-11-22T12:01:00Z", "--until", "2026-11-22T12:02:00.250Z"]
    done = program("forget", "--log", log, *times, "--yes")
    assert done.returncode == 0, done.stderr
    assert "60 rows" in done.stdout
    assert rows(log, "SELECT count(*) FROM observations") == [(140,)]
    [(details,)] = rows(log, "SELECT details FROM incidents WHERE kind = 'forgotten'")
    assert "emotion-edge forget" in str(details)


def test_while_the_daemon_writes_all_is_forgotten(tmp_path: Path, program: Program) -> None:
    clock = Clock()
    log = tmp_path / "log.db"
    with EventLog(log, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(20):
            events.record([face()], second, clock.now)
            clock.go_on(1)
        assert program("forget", "--log", log, "--all", "--yes").returncode == 0
        events.record([face()], 20, clock.now)
    assert rows(log, "SELECT time_s FROM observations") == [(20.0,)] or rows(
        log, "SELECT count(*) FROM observations"
    ) == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected --since TIME, --until TIME or --all"),
        (["--all", "--since", "1h", "--yes"], "found both"),
        (["--all"], "nothing was forgotten"),
        (["--since", "1h", "--log", "none.db", "--yes"], "no such event log"),
    ],
)
def test_nothing_is_forgotten_by_mistake(arguments: list[str], words: str, log: Path, program: Program) -> None:
    named = arguments if "--log" in arguments else ["--log", log, *arguments]
    done = program("forget", *named)
    assert done.returncode == 2
    assert len(errors(done)) == 1
    assert words in errors(done)[0]
    assert rows(log, "SELECT count(*) FROM observations") == [(200,)]


@pytest.mark.parametrize(("answers", "left"), [("yes\nyes\n", 0), ("yes\nno\n", 200), ("\n", 200)])
def test_on_a_terminal_it_asks_twice(answers: str, left: int, log: Path, tmp_path: Path) -> None:
    terminal, inner = pty.openpty()
    command = [sys.executable, "-m", "edge", "forget", "--log", str(log), "--all"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdin=inner, stdout=-1, stderr=-1) as process:
        os.write(terminal, answers.encode())
        process.communicate(timeout=60)
    os.close(terminal)
    os.close(inner)
    assert rows(log, "SELECT count(*) FROM observations") == [(left,)]
