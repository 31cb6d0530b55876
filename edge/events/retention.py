"""Delete old rows, a little at a time: those older than `keep_days`, and the oldest of a file above `max_megabytes`."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from edge.events.doubt import doubt_of_log, is_told
from edge.events.rows import hour_of
from edge.events.schema import pragma, transaction
from edge.settings import LogSettings

ROWS = 1000  # deleted at a time: some ten milliseconds during which nothing else is written
FREE_PAGES = 256  # a megabyte is kept for new rows; beyond it, and an eighth of the file, pages go back to the disk

# Rows are deleted in id order, because a wrong clock makes `utc` unsorted. A row's true time is its `utc` plus all
# later clock jumps of its run. Rows whose time is no time, or lies in the future, are passed over; the newest row
# always stays, so that no id comes twice.
LAST_TOO_OLD = """
WITH oldest AS (
    SELECT id, julianday(utc) + (
        SELECT coalesce(sum(seconds), 0) FROM incidents WHERE run = batch.run AND observation >= batch.id
    ) / 86400 AS day
    FROM (SELECT id, run, utc FROM observations ORDER BY id LIMIT :rows) AS batch
)
SELECT max(id) FROM oldest WHERE day < julianday(:now) - :days AND id < (SELECT max(id) FROM observations)
AND id < coalesce(
    (SELECT min(id) FROM oldest WHERE day BETWEEN julianday(:now) - :days AND julianday(:now) + 1), 9e18
)
"""
NTH_OLDEST = """
SELECT max(id) FROM (
    SELECT id FROM observations WHERE id < (SELECT max(id) FROM observations) ORDER BY id LIMIT :rows
)
"""
DELETE_SUMS_BEFORE = """
DELETE FROM sums WHERE hour < (SELECT CAST(strftime('%s', utc) AS INTEGER) / 3600 FROM observations WHERE id = ?)
"""


@dataclass(frozen=True)
class Upkeep:
    """What came of a look at age and size."""

    more: bool
    """whether more is to be done soon"""
    refused: str = ""
    """why rows that look too old were kept, where the log does not say it yet"""


def expire(
    database: sqlite3.Connection,
    settings: LogSettings,
    utc: str,
    clock_doubt: Callable[[], str],
) -> Upkeep:
    """Delete up to `ROWS` observations and what hangs on them.

    Nothing is deleted by age while the log or `clock_doubt` has a reason to doubt the time `utc`.
    """
    last = _last_too_old(database, settings.keep_days, utc) if settings.keep_days else 0
    first_hour = _first_hour_to_keep(database, settings, utc)
    doubt = ""
    if last or first_hour:
        doubt = doubt_of_log(database, utc) or clock_doubt()
    if doubt:
        last = 0
        first_hour = 0
    last = max(last, _last_too_much(database, settings.max_megabytes) if settings.max_megabytes else 0)
    deleted = 0
    if last or first_hour:
        with transaction(database):
            database.execute("DELETE FROM sums WHERE hour < ?", (first_hour,))
            deleted = _delete(database, last, settings.keep_sums)
    more = shrink(database) or deleted == ROWS
    return Upkeep(more, "" if is_told(database, utc) else doubt)


def _first_hour_to_keep(database: sqlite3.Connection, settings: LogSettings, utc: str) -> int:
    """0 where no sums are too old, or all are to be kept."""
    if settings.keep_sums or not settings.keep_days:
        return 0
    first_hour = hour_of(utc) - int(settings.keep_days * 24)
    [oldest] = database.execute("SELECT min(hour) FROM sums").fetchone()
    return first_hour if oldest is not None and oldest < first_hour else 0


def _last_too_old(database: sqlite3.Connection, keep_days: float, utc: str) -> int:
    values = {"rows": ROWS, "now": utc, "days": keep_days}
    return database.execute(LAST_TOO_OLD, values).fetchone()[0] or 0


def _last_too_much(database: sqlite3.Connection, max_megabytes: float) -> int:
    """The id at which a full batch ends, where the file is too large, whatever the times of its rows."""
    used_pages = pragma(database, "page_count") - pragma(database, "freelist_count")
    if used_pages * pragma(database, "page_size") <= max_megabytes * 1e6:
        return 0
    return database.execute(NTH_OLDEST, {"rows": ROWS}).fetchone()[0] or 0


def _delete(database: sqlite3.Connection, last: int, keep_sums: bool) -> int:
    if not keep_sums:
        database.execute(DELETE_SUMS_BEFORE, (last,))
    deleted = database.execute("DELETE FROM observations WHERE id <= ?", (last,)).rowcount
    database.execute(
        "DELETE FROM episodes WHERE id IN (SELECT id FROM episodes ORDER BY id LIMIT ?) AND last_observation <= ?",
        (ROWS, last),
    )
    database.execute("DELETE FROM incidents WHERE observation <= ?", (last,))
    database.execute("DELETE FROM runs WHERE id < (SELECT run FROM observations ORDER BY id LIMIT 1)")
    return deleted


def shrink(database: sqlite3.Connection) -> bool:
    free = pragma(database, "freelist_count")
    if free <= max(FREE_PAGES, pragma(database, "page_count") // 8):
        return False
    database.executescript(f"PRAGMA incremental_vacuum({FREE_PAGES})")  # `execute` would stop after a page
    return True
