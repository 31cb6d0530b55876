"""The switch that stops taking pictures, and keeps them stopped over restarts: a file in the state folder."""

import logging
import signal
from pathlib import Path
from types import FrameType

from edge import settings

log = logging.getLogger(__name__)


def flag_path() -> Path:
    """While this file is there, no camera is open."""
    return settings.state_folder() / "paused"


def pause(flag: Path) -> None:
    """Raises OSError where `flag` cannot be made."""
    flag.parent.mkdir(parents=True, exist_ok=True)
    flag.touch()


def resume(flag: Path) -> None:
    """Raises OSError where `flag` cannot be removed."""
    flag.unlink(missing_ok=True)


class PauseSwitch:
    """Follows the file `flag`; SIGUSR1 makes it, SIGUSR2 removes it."""

    def __init__(self, flag: Path) -> None:
        self._flag = flag
        self._signalled: int | None = None
        self._until_restart = False
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, self._note)

    def is_on(self) -> bool:
        """Whether to take no pictures, after acting on a signal that came."""
        signalled, self._signalled = self._signalled, None
        if signalled == signal.SIGUSR1:
            self.turn_on()
        elif signalled == signal.SIGUSR2:
            self._turn_off()
        return self._until_restart or self._flag.exists()

    def turn_on(self) -> None:
        try:
            pause(self._flag)
        except OSError as error:
            log.error("%s; paused, but only until the next start", error)
            self._until_restart = True

    def _turn_off(self) -> None:
        self._until_restart = False
        try:
            resume(self._flag)
        except OSError as error:
            log.error("%s; still paused, remove the file", error)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signalled = number
