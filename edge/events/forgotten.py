"""Tell the writer which times were forgotten meanwhile: rows of them that wait in memory must go, too."""

import sqlite3
from collections.abc import Sequence

from edge.events.rows import Entry, Observation

EVERYTHING = "everything"  # so begin the details of an incident where no start was given

NEWEST = "SELECT coalesce(max(id), 0) FROM incidents"
NEWER = "SELECT utc, end_utc, details FROM incidents WHERE id > ? AND kind = 'forgotten'"

Span = tuple[str, str]
"""UTC times from the first that was forgotten up to, not including, the second; "" is before all times"""


def newest(database: sqlite3.Connection) -> int:
    return int(database.execute(NEWEST).fetchone()[0])


def since(database: sqlite3.Connection, incident: int) -> tuple[list[Span], int]:
    """Spans forgotten since `incident`, and the newest incident that there is now."""
    spans = []
    for utc, end_utc, details in database.execute(NEWER, (incident,)):
        spans.append(("" if details.startswith(EVERYTHING) else utc, end_utc))
    return spans, newest(database)


def covers(spans: Sequence[Span], entry: Entry) -> bool:
    return isinstance(entry, Observation) and any(start <= entry.utc < end for start, end in spans)
