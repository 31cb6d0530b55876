"""When each rule told last, in a small file: a gateway that starts again and again does not tell as often."""

import logging
from datetime import datetime
from pathlib import Path

import msgspec

NAME = "notified.json"  # in the state folder
NEVER = float("inf")

logger = logging.getLogger(__name__)


class Told:
    """A file that is lost or spoiled means that nobody was told anything."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times = _read(path)

    def seconds_ago(self, title: str, now: datetime) -> float:
        """Since the rule `title` told last; NEVER also where the clock was set back since."""
        time = self._times.get(title)
        return NEVER if time is None or time > now else (now - time).total_seconds()

    def note(self, title: str, now: datetime) -> None:
        self._times[title] = now
        draft = self._path.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode(self._times))
            draft.replace(self._path)
        except OSError as error:
            logger.warning(
                "%s: cannot be written (%s); a restart may tell again at once",
                self._path,
                error.strerror,
            )


def _read(path: Path) -> dict[str, datetime]:
    try:
        times = msgspec.json.decode(path.read_bytes(), type=dict[str, datetime])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        logger.warning("%s: cannot be read (%s); a rule may tell again at once", path, error)
        return {}
    return {title: time for title, time in times.items() if time.tzinfo}
