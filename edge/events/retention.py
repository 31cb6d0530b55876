"""Delete what is older than so many days, or the oldest of what is larger than so many megabytes, a little at a time."""

import sqlite3

from edge.events.schema import transaction

ROWS = 1000  # deleted at a time: some ten milliseconds during which nothing else is written
FREE_PAGES = 256  # a megabyte waits for new rows; more than that, and than an eighth of the file, goes back to the disk

# True time runs with the ids, whatever the clocks said: the first row that is young enough keeps all behind it, and a
# row's own time counts with the jumps that came after it.
FIRST_TO_KEEP = """
SELECT min(id) FROM (SELECT id, run, utc FROM observations ORDER BY id LIMIT :rows) AS oldest
WHERE julianday(utc) + (
    SELECT coalesce(sum(seconds), 0) FROM incidents WHERE run = oldest.run AND observation >= oldest.id
) / 86400 >= julianday(:now) - :days
"""


def expire(database: sqlite3.Connection, keep_days: float, max_megabytes: float, utc: str) -> bool:
    """Delete up to `ROWS` observations and what hangs on them; 0 keeps all. Returns whether more is to be done."""
    last_to_delete = max(
        _last_too_old(database, keep_days, utc) if keep_days else 0,
        _last_too_much(database, max_megabytes) if max_megabytes else 0,
    )
    deleted = 0
    if last_to_delete:
        with transaction(database):
            deleted = _delete(database, last_to_delete)
    return _shrink(database) or deleted == ROWS


def _last_too_old(database: sqlite3.Connection, keep_days: float, utc: str) -> int:
    values = {"rows": ROWS, "now": utc, "days": keep_days}
    [first_to_keep] = database.execute(FIRST_TO_KEEP, values).fetchone()
    return first_to_keep - 1 if first_to_keep is not None else _nth_oldest(database)


def _last_too_much(database: sqlite3.Connection, max_megabytes: float) -> int:
    pages, free, size = (_pragma(database, name) for name in ("page_count", "freelist_count", "page_size"))
    return _nth_oldest(database) if (pages - free) * size > max_megabytes * 1e6 else 0


def _nth_oldest(database: sqlite3.Connection) -> int:
    """The id at which a full batch ends; the newest row of all stays, so that no id comes twice."""
    query = (
        "SELECT max(id) FROM (SELECT id FROM observations WHERE id < (SELECT max(id) FROM observations) "
        "ORDER BY id LIMIT ?)"
    )
    return database.execute(query, (ROWS,)).fetchone()[0] or 0


def _delete(database: sqlite3.Connection, last: int) -> int:
    deleted = database.execute("DELETE FROM observations WHERE id <= ?", (last,)).rowcount
    database.execute(
        "DELETE FROM episodes WHERE id IN (SELECT id FROM episodes ORDER BY id LIMIT ?) AND last_observation <= ?",
        (ROWS, last),
    )
    database.execute("DELETE FROM incidents WHERE observation <= ?", (last,))
    database.execute("DELETE FROM runs WHERE id < (SELECT run FROM observations ORDER BY id LIMIT 1)")
    return deleted


def _shrink(database: sqlite3.Connection) -> bool:
    free, pages = _pragma(database, "freelist_count"), _pragma(database, "page_count")
    if free <= max(FREE_PAGES, pages // 8):
        return False
    database.executescript(f"PRAGMA incremental_vacuum({FREE_PAGES})")  # `execute` would stop after a page
    return True


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
