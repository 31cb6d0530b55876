"""What a check finds, and the machine that it looks at."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import EdgeError

COMMAND_TIMEOUT_SECONDS = 20.0  # libcamera needs two or three on a Pi Zero 2 W; a stuck camera never answers

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what is (`found`), and what to do about it (`remedy`)."""

    check: str
    level: Level
    found: str
    remedy: str = ""
    exit_code: int = 0
    """of a problem, as the daemon's own: 1 may pass by itself, 78 needs a person"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    output: str
    errors: str = ""


def ask(command: Sequence[str]) -> Answer | None:
    """Run `command`; None where it is not installed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_SECONDS)
    except OSError:
        return None
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"no answer within {COMMAND_TIMEOUT_SECONDS:g} s")
    return Answer(done.returncode, done.stdout.strip(), done.stderr.strip())


def may_open(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


@dataclass(frozen=True)
class Machine:
    """Where /proc, /sys, /dev and /run are, who answers for commands, and what this process may open."""

    root: Path = Path("/")
    ask: Callable[[Sequence[str]], Answer | None] = ask
    may_open: Callable[[Path], bool] = may_open


def ok(check: str, found: str) -> Finding:
    return Finding(check, "ok", found)


def warning(check: str, found: str, remedy: str) -> Finding:
    return Finding(check, "warning", found, remedy)


def problem(check: str, found: str, remedy: str, exit_code: int) -> Finding:
    return Finding(check, "problem", found, remedy, exit_code)


def problem_of(check: str, error: EdgeError) -> Finding:
    return problem(check, error.found, error.remedy, error.exit_code)
