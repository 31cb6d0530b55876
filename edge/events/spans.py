"""Find where in the log a time lies. Clock jumps cut the rows into spans in which times are in order."""

import itertools
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.events.rows import utc_text
from edge.events.schema import newest_ids

SLACK = timedelta(minutes=1)  # clock corrections below JUMP_SECONDS are not recorded; search this much wider
MAX_SHIFT_SECONDS = 1e10  # three centuries

SPAN_ENDS = """
SELECT first_observation - 1 FROM runs UNION SELECT observation FROM incidents WHERE seconds
"""
SHIFT_AFTER = """
SELECT coalesce(sum(seconds), 0.0) FROM incidents
WHERE observation >= :id AND run = (SELECT run FROM observations WHERE id <= :id ORDER BY id DESC LIMIT 1)
"""
AT_OR_AFTER = """
SELECT utc FROM observations WHERE id BETWEEN ? AND ? AND julianday(utc) NOT NULL ORDER BY id LIMIT 1
"""


@dataclass(frozen=True)
class Span:
    """Observations over which the clock ran evenly, so that their times are in order."""

    first_id: int
    last_id: int
    shift_seconds: float
    """added to their times by the clock's later jumps"""

    @property
    def shift(self) -> timedelta:
        return timedelta(seconds=self.shift_seconds)


def spans(database: sqlite3.Connection) -> list[Span]:
    """All of the log, in the order of events, also ids whose rows are deleted."""
    newest = newest_ids(database).observation
    ends = {end for (end,) in database.execute(SPAN_ENDS) if isinstance(end, int) and 0 < end < newest}
    found = []
    for before, last in itertools.pairwise([0, *sorted(ends), newest] if newest else []):
        [seconds] = database.execute(SHIFT_AFTER, {"id": last}).fetchone()
        found.append(Span(before + 1, last, _possible(seconds)))
    return found


def _possible(seconds: object) -> float:
    """0 for what a damaged file makes of a jump."""
    known = isinstance(seconds, int | float) and abs(seconds) < MAX_SHIFT_SECONDS
    return float(seconds) if known else 0.0  # type: ignore[arg-type]


def ids_between(
    database: sqlite3.Connection, span: Span, since: datetime | None, until: datetime | None
) -> tuple[int, int]:
    """The first and last id between which lie all observations of `span` whose true time is from `since` to `until`.

    There may be a few others among them.
    """
    first = span.first_id
    last = span.last_id
    if since:
        first = first_at(database, span, since - SLACK)
    if until:
        last = min(last, first_at(database, span, until + SLACK))
    return first, last


def first_at(database: sqlite3.Connection, span: Span, moment: datetime) -> int:
    """The first id of `span` whose true time is `moment` or later, else the id behind it."""
    utc = utc_text(moment - span.shift)
    low = span.first_id
    high = span.last_id + 1
    while low < high:
        middle = (low + high) // 2
        found = database.execute(AT_OR_AFTER, (middle, span.last_id)).fetchone()
        if found and found[0] < utc:
            low = middle + 1
        else:
            high = middle
    return low
