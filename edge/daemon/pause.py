"""Pause and resume, also over restarts: while a file in the state folder is there, no picture is taken."""

import logging
import os
from pathlib import Path
from queue import SimpleQueue

from edge import settings
from edge.daemon.signals import Signals

COMMAND = "command"
SIGNAL = "signal"
SETTINGS = "settings"
"""who may pause; a file that somebody made by hand says nothing"""
LONGEST_NAME = 40  # characters of who asked, for the journal

logger = logging.getLogger(__name__)


def flag_path() -> Path:
    """While this file is there, no camera is open. It says who asked for that."""
    return settings.state_folder() / "paused"


def pause(flag: Path, by: str = COMMAND) -> None:
    """Make `flag`, so that a power cut does not undo it. Raises OSError where that is not possible."""
    flag.parent.mkdir(parents=True, exist_ok=True)
    with flag.open("w", encoding="utf-8") as file:
        file.write(f"{by}\n")
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(flag.parent)


def resume(flag: Path) -> None:
    """Remove `flag`. Raises OSError where that is not possible."""
    if flag.exists():
        flag.unlink(missing_ok=True)
        _sync_folder(flag.parent)


class PauseSwitch:
    """Follows the file `flag`; SIGUSR1 makes it, SIGUSR2 removes it, at once."""

    def __init__(self, flag: Path, signals: Signals) -> None:
        self._flag = flag
        self._signals = signals
        self._was_on = False
        self._until_restart = False
        """paused although the file could not be made"""
        self._resumed_by = COMMAND
        self._requests: SimpleQueue[tuple[bool, str]] = SimpleQueue()
        """from other threads"""
        signals.keep_pause(lambda paused: self.turn(paused, SIGNAL))

    def is_on(self) -> bool:
        """Whether to take no pictures; says once who changed it."""
        self._signals.take()
        while not self._requests.empty():
            self.turn(*self._requests.get())
        is_on = self._until_restart or self._flag.exists()
        if is_on != self._was_on:
            self._was_on = is_on
            logger.info(
                "%s by %s",
                "paused" if is_on else "resumed",
                self._who() if is_on else self._resumed_by,
            )
            self._resumed_by = COMMAND
        return is_on

    def request(self, paused: bool, by: str) -> None:
        """Ask for a pause, or for its end, from any thread; `by` is written down, and is text from outside."""
        self._requests.put((paused, " ".join(by.split())[:LONGEST_NAME] if by.isprintable() else "a program"))

    def turn(self, paused: bool, by: str) -> None:
        """Pause or go on, as `by` wishes; never raises."""
        self._until_restart = False
        self._resumed_by = COMMAND if paused else by
        try:
            if paused:
                pause(self._flag, by)
            else:
                resume(self._flag)
        except OSError as error:
            self._until_restart = paused
            consequence = "paused, but only until the next start" if paused else "still paused, remove the file"
            logger.error("%s; %s", error, consequence)

    def _who(self) -> str:
        """As the file says: it may be from before a restart."""
        try:
            return self._flag.read_text(encoding="utf-8", errors="replace").strip()[:LONGEST_NAME] or "hand"
        except OSError:
            return SIGNAL


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
