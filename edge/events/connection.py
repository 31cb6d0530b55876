"""Open the log's file for writing, in today's version."""

import secrets
import sqlite3
from pathlib import Path

from edge.errors import LogError
from edge.events.migrations import bring_up_to_date
from edge.events.schema import SCHEMA_VERSION, pragma

BUSY_SECONDS = 1.0  # another program may write for so long; then the rows wait in memory
MAX_LOG_ID = 2**31 - 1  # what SQLite keeps there (https://sqlite.org/pragma.html#pragma_application_id)
WAL_BYTES = 4_096_000  # 1000 pages, SQLite's own checkpoint; a WAL that grew larger under a long export shrinks again


def connect(path: Path) -> sqlite3.Connection:
    """Open or make the log `path`, in today's version; raises sqlite3.Error, or LogError where it is no log of ours."""
    database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    database.text_factory = lambda text: text.decode(errors="replace")  # a flipped bit in a word stops nothing
    try:
        version = _version(database, path)
        if version == 0:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded before the first page
        database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # no fsync a commit: kind to SD cards, and WAL stays whole
        database.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        bring_up_to_date(database, version)
        _give_id(database)
    except BaseException:
        database.close()
        raise
    return database


def _give_id(database: sqlite3.Connection) -> None:
    """A random number for the file, so that another file's rows are not taken for its own; copies keep it."""
    if not pragma(database, "application_id"):
        database.execute(f"PRAGMA application_id = {secrets.randbelow(MAX_LOG_ID) + 1}")


def _version(database: sqlite3.Connection, path: Path) -> int:
    """The version of a log, 0 for a new file; raises LogError for what is neither."""
    version = pragma(database, "user_version")
    if version > SCHEMA_VERSION:
        raise LogError(
            f"{path}: written by a newer version (log version {version}, expected at most {SCHEMA_VERSION})",
            "install that one, or set another log.path",
        )
    if version == 0 and database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise LogError(f"{path}: another program's database, expected an event log", "set another log.path")
    return version
