"""Open a log for reading, as it is at one moment."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from edge.errors import LogError, UsageError
from edge.events.schema import OTHERS, SCHEMA_VERSION, missing_columns, pragma

BUSY_SECONDS = 1.0  # for a log that somebody locked; whoever asks waits no longer
WITHOUT_DEVICE = 3  # a version whose runs do not say which device it was, and that is as today's but for that
RUNS_AS_TODAY = "CREATE TEMP VIEW runs AS SELECT *, '' AS device FROM main.runs"
OBSERVATIONS_AS_TODAY = f"CREATE TEMP VIEW observations AS SELECT *, NULL AS {OTHERS} FROM main.observations"
LABELS_AS_TODAY = "CREATE TEMP TABLE labels (label TEXT)"
GIVE = "give --log FILE, or --config FILE with its log.path"


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Works beside the daemon and without it; in a folder that cannot be written only where nothing waits in a WAL."""
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    try:
        return _begin(path, uri)
    except sqlite3.OperationalError as error:
        wal = path.with_name(path.name + "-wal")
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or (wal.exists() and wal.stat().st_size):
            raise
    return _begin(path, uri + "&immutable=1")


def check_there(path: Path) -> None:
    """Raise UsageError where `path` is no file."""
    if not path.is_file():
        raise UsageError(f"{path}: no such event log", GIVE)


def _begin(path: Path, uri: str) -> sqlite3.Connection:
    database = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)
    try:
        database.text_factory = lambda text: text.decode(errors="replace")
        database.execute("PRAGMA temp_store = MEMORY")
        database.execute("BEGIN")  # one snapshot for all that is read, from the next line on
        version = pragma(database, "user_version")
        if not database.execute("SELECT 1 FROM sqlite_master").fetchone():  # an empty file is one to SQLite
            raise LogError(f"{path}: no event log", GIVE)
        if version == WITHOUT_DEVICE:
            database.execute(RUNS_AS_TODAY)
        elif version != SCHEMA_VERSION:
            raise LogError(
                f"{path}: expected an event log of version {SCHEMA_VERSION}, found version {version}",
                "an older one is brought up to date when `python -m edge run` opens it",
            )
        database.execute("SELECT count(*) FROM uncounted").fetchone()
        if f"observations.{OTHERS}" in missing_columns(database):  # no daemon of today's has opened it yet
            database.execute(OBSERVATIONS_AS_TODAY)
            database.execute(LABELS_AS_TODAY)
    except BaseException:
        database.close()
        raise
    return database
