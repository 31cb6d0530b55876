"""Watches the log from another process: what it saw committed must be there later, once."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.eventlog import check_episodes, read_by_both

Row = tuple[object, ...]
NEWER = "SELECT id, run, track, time_s, utc, emotion, score FROM observations WHERE id > ? ORDER BY id"


class Witness:
    """Reads the file `path` without ever writing to it: the daemon alone repairs what a kill left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: dict[int, Row] = {}
        self._checked: set[int] = set()
        self.checked = 0
        self.lost = 0
        self.doubled = 0
        self.damaged = 0

    def look(self) -> int:
        """Note the rows that are new; returns how many were seen in all."""
        with suppress(sqlite3.DatabaseError):  # no file yet, or one that the daemon is about to set aside
            self.seen |= _rows(f"file:{self.path}?mode=ro", max(self.seen, default=0))
        return len(self.seen)

    def forget(self) -> None:
        """What was seen is no longer expected: the file was damaged on purpose."""
        self.seen = {}
        self._checked = set()

    def check(self, whole: bool = True) -> None:
        """Compare file and memory, while no daemon runs; `whole`: no damage was done to the rows themselves.

        Works on a copy, so that the next start finds file and WAL as the daemon left them.
        """
        if not self.path.exists():
            self.lost += len(self.seen)
            return
        with TemporaryDirectory() as folder:
            copy = Path(folder, self.path.name)
            for suffix in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copy(f"{self.path}{suffix}", f"{copy}{suffix}")
            self.read(copy)
            self._compare(copy, whole)

    def read(self, path: Path) -> None:
        """Let both commands read a log; whatever stands in it, they end with words."""
        with TemporaryDirectory() as folder:
            try:
                read_by_both(path, Path(folder))
            except Exception as error:
                raise AssertionError(f"{path.name} ended a reader: {error!r}") from error

    def _compare(self, copy: Path, whole: bool) -> None:
        with closing(sqlite3.connect(copy)) as database:
            self.damaged += database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
            if database.execute("PRAGMA user_version").fetchone() == (0,):  # killed before it made its tables
                self.lost += len(self.seen)
                return
        rows = _rows(f"file:{copy}", 0)
        self.lost += sum(rows.get(id) != row for id, row in self.seen.items())
        self.checked += len(rows.keys() - self._checked)
        self.seen = rows
        self._checked = set(rows)
        if not whole:
            return
        self.doubled += len(rows) - len({row[1:4] for row in rows.values()})  # run, track, time_s
        self.lost += max(rows, default=0) - len(rows)  # nothing is ever deleted here: ids have no gaps
        check_episodes(copy)


def _rows(uri: str, after: int) -> dict[int, Row]:
    with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as database:
        database.text_factory = lambda text: text.decode(errors="replace")
        return {row[0]: row for row in database.execute(NEWER, (after,))}
