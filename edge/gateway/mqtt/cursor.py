"""How far each log's episodes were acknowledged by the broker: a small file in the state folder."""

import logging
from dataclasses import asdict
from pathlib import Path

import msgspec

from edge.events.ended import Mark

NAME = "mqtt-cursor.json"
MOST_LOGS = 8  # the camera's, the demo's, and those before they were set aside

logger = logging.getLogger(__name__)


class Stored(msgspec.Struct):
    """What the file says of one log."""

    observation: int
    episode: int
    sent: tuple[int, ...] = ()
    deleted: int = 0
    """episodes that were deleted before they were sent"""


class Cursor:
    """Moves forward only. A file that is lost or spoiled means that all is sent once more, under the same ids."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._logs = _read(path)
        self._stored = True
        """whether the file says what is known here"""

    def mark(self, log_id: str) -> Mark:
        stored = self._logs.get(log_id)
        return Mark(stored.observation, stored.episode, stored.sent) if stored else Mark()

    def deleted(self, log_id: str) -> int:
        stored = self._logs.get(log_id)
        return stored.deleted if stored else 0

    def move(self, log_id: str, mark: Mark, deleted: int) -> None:
        """Keep `mark`, and that `deleted` more episodes were deleted unsent."""
        stored = Stored(**asdict(mark), deleted=self.deleted(log_id) + deleted)
        if self._stored and stored == self._logs.get(log_id):
            return
        logs = {id: other for id, other in self._logs.items() if id != log_id} | {log_id: stored}
        self._logs = dict(list(logs.items())[-MOST_LOGS:])
        try:
            self._write()
        except OSError as error:
            if self._stored:
                words = "%s: cannot be written (%s); after a restart the episodes from here on are sent again"
                logger.warning(words, self._path, error.strerror)
            self._stored = False
        else:
            self._stored = True

    def _write(self) -> None:
        draft = self._path.with_suffix(".new")
        # Without fsync: a cut of power brings an older cursor, and a few episodes twice, for no wear of the SD card.
        draft.write_bytes(msgspec.json.encode(self._logs))
        draft.replace(self._path)


def _read(path: Path) -> dict[str, Stored]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Stored])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        logger.warning("%s: cannot be read (%s); all episodes that the log has are sent again", path, error)
        return {}
