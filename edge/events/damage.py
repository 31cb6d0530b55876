"""Find out that a log's file is damaged."""

import sqlite3
import threading
from pathlib import Path

from edge.events.connection import connect
from edge.events.files import set_aside
from edge.events.schema import missing_columns

CHECK_SECONDS = 3.0  # a file too large to be read in that time is checked as far as it goes
HEADER_BYTES = 100  # https://sqlite.org/fileformat.html: twenty of them are always zero, which no text has


def open_log(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open the log `path`; a damaged one is set aside for a fresh one, and its new path comes second.

    Raises sqlite3.Error, OSError or LogError where that cannot be done.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = connect(path)
        try:
            check(database)
            check_columns(database)
        except BaseException:
            database.close()
            raise
    except sqlite3.DatabaseError as error:
        if not is_damage(error) or b"\0" not in _header(path):
            raise
    else:
        return database, None
    aside = set_aside(path)
    return connect(path), aside


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def check(database: sqlite3.Connection, seconds: float = CHECK_SECONDS) -> None:
    """Raise sqlite3.DatabaseError where damage is found within `seconds`."""
    timer = threading.Timer(seconds, database.interrupt)
    timer.start()
    try:
        [found] = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        timer.cancel()
        timer.join()
    if found not in ("ok", "interrupted"):
        raise _damage(found)


def check_columns(database: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where a flipped bit renamed a table or column, which SQLite cannot know."""
    if missing := missing_columns(database):
        raise _damage(f"no column {', '.join(sorted(missing))}")


def _damage(found: str) -> sqlite3.DatabaseError:
    damage = sqlite3.DatabaseError(found)
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return damage


def is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary result code
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
