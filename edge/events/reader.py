"""Read the log while the daemon writes it: by time, in the order of events, a row at a time."""

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from edge.errors import LogError, UsageError
from edge.events.rows import utc_text
from edge.events.schema import SCHEMA_VERSION

SLACK = timedelta(minutes=1)  # within a span the clock may have gone back by less than a jump, JUMP_SECONDS

SPAN_ENDS = """
SELECT first_observation - 1 FROM runs UNION SELECT observation FROM incidents WHERE seconds
UNION SELECT max(id) FROM observations ORDER BY 1
"""
SHIFT_AFTER = """
SELECT coalesce(sum(seconds), 0) FROM incidents
WHERE observation >= :id AND run = (SELECT run FROM observations WHERE id = :id)
"""


@dataclass(frozen=True)
class Span:
    """Observations over which the clock ran evenly, so that their times are in order."""

    first_id: int
    last_id: int
    shift_seconds: float
    """what the clock's later jumps say is missing in these times"""


@contextmanager
def open_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the log `path` as it is at this moment; it is not written.

    Raises UsageError where there is none, LogError where it cannot be read, also later on.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such event log; give --log FILE, or --config FILE with its log.path")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as database:
            database.text_factory = lambda text: text.decode(errors="replace")
            database.execute("BEGIN")  # one snapshot for all that is read, from the next line on
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise LogError(
                    f"{path}: expected an event log of version {SCHEMA_VERSION}, found version {version}; an older one "
                    "is brought up to date when `python -m edge run` opens it"
                )
            yield database
    except sqlite3.Error as error:
        raise LogError(
            f"{path}: cannot be read ({error}); if it is damaged, `sqlite3 {path} .recover` may save its rows"
        ) from error


def spans(database: sqlite3.Connection) -> list[Span]:
    """All of the log, in the order of events."""
    ends = [end for (end,) in database.execute(SPAN_ENDS) if end]
    bounds = itertools.pairwise([0, *ends])
    return [
        Span(before + 1, last, database.execute(SHIFT_AFTER, {"id": last}).fetchone()[0]) for before, last in bounds
    ]


def ids_between(
    database: sqlite3.Connection, span: Span, since: datetime | None, until: datetime | None
) -> tuple[int, int]:
    """The first and last id between which lie all observations of `span` from `since` to `until`, and few others."""
    first = _bisect(database, span, utc_text(since - SLACK)) if since else span.first_id
    last = _bisect(database, span, utc_text(until + SLACK)) if until else span.last_id
    return first, last


def _bisect(database: sqlite3.Connection, span: Span, utc: str) -> int:
    """The first id of `span` whose time is `utc` or later, else its last."""
    low, high = span.first_id, span.last_id
    while low < high:
        middle = (low + high) // 2
        found = database.execute(
            "SELECT utc FROM observations WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1", (middle, span.last_id)
        ).fetchone()
        if found and found[0] < utc:
            low = middle + 1
        else:
            high = middle
    return low
