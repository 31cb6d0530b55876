"""Delete a stretch of time from the log when a person asks for it, even while the daemon writes.

Rows, episodes and sums of that time are overwritten in the file.
"""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import LogError
from edge.events.connection import connect
from edge.events.files import copies_beside
from edge.events.forgotten import EVERYTHING
from edge.events.recount import count_rows
from edge.events.retention import shrink
from edge.events.rows import Incident, utc_text
from edge.events.schema import INSERT_INCIDENT, newest_ids, transaction
from edge.events.snapshot import check_there
from edge.events.spans import first_at, spans
from edge.events.totals import hour_range, start_of
from edge.events.trim import trim_episodes

ROWS = 2000  # forgotten at a time; the daemon writes between two of these
PATIENCE_SECONDS = 2.0  # for readers who hold on to what the WAL had
LOCKED_MS = 1500  # whoever asks hears after so long that somebody else writes

DELETE_SOME = """
DELETE FROM observations WHERE id IN (SELECT id FROM observations WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)
"""

Range = tuple[int, int]
"""the first and the last id"""


@dataclass(frozen=True)
class Forgotten:
    """What a forget came to."""

    rows: int
    overwritten: bool
    """False where a reader was in the way: what was deleted stands in the WAL until the daemon takes that over"""
    copies: Sequence[Path]
    """logs beside it, set aside as damaged or foreign, which are left alone"""


@dataclass(frozen=True)
class TimeRange:
    """What is to be forgotten; `since` None is all that came before."""

    since: datetime | None
    until: datetime

    def ranges(self, database: sqlite3.Connection) -> list[Range]:
        """The first and last id of each stretch of rows that lies in it."""
        found = []
        for span in spans(database):
            first = first_at(database, span, self.since) if self.since else span.first_id
            last = first_at(database, span, self.until) - 1
            if first <= last:
                found.append((first, last))
        return found


def forget(path: Path, since: datetime | None, until: datetime | None, who: str) -> Forgotten:
    """Delete all that the log `path` knows of faces from `since` to `until`; None is from the beginning, and until now.

    Sums are kept by the hour: of an hour that is touched only what rows still prove stays. An incident tells that
    something was forgotten, and on whose word: `who`. Raises UsageError where there is no log, LogError where it cannot
    be written, after two seconds at most where it is locked.
    """
    check_there(path)
    time_range = TimeRange(since, until or datetime.now(UTC))
    try:
        with closing(connect(path)) as database:
            database.execute(f"PRAGMA busy_timeout = {LOCKED_MS}")
            ranges = time_range.ranges(database)
            rows = _delete_most(database, ranges)
            with transaction(database):
                rows += _delete_rest(database, time_range, ranges)
                _note(
                    database,
                    time_range,
                    max((last for _, last in ranges), default=0),
                    f"{who}: {rows} rows",
                )
            overwritten = _overwrite(database)
    except (sqlite3.Error, OSError) as error:
        raise LogError(f"{path}: cannot be made to forget ({error})", "try again, or give another --log") from error
    return Forgotten(rows, overwritten, copies_beside(path))


def _delete_most(database: sqlite3.Connection, ranges: Sequence[Range]) -> int:
    """Delete rows a little at a time, so that the daemon can write in between."""
    deleted = 0
    for first, last in ranges:
        some = ROWS
        while some == ROWS:
            some = database.execute(DELETE_SOME, (first, last, ROWS)).rowcount
            deleted += some
    return deleted


def _delete_rest(database: sqlite3.Connection, time_range: TimeRange, ranges: Sequence[Range]) -> int:
    """Delete what was written meanwhile, and bring episodes and sums into line with the rows that are left."""
    deleted = 0
    for first, last in [*ranges, *time_range.ranges(database)]:
        deleted += database.execute("DELETE FROM observations WHERE id BETWEEN ? AND ?", (first, last)).rowcount
        trim_episodes(database, first, last)
    hours = hour_range(time_range.since, time_range.until)
    database.execute("DELETE FROM sums WHERE hour BETWEEN ? AND ?", (hours.start, hours.stop - 1))
    for hour in {hours.start, hours.stop - 1}:  # the others lie in that time as a whole
        if time_range.since or hour != hours.start:
            around = TimeRange(start_of(hour), start_of(hour + 1))
            for first, last in around.ranges(database):
                _count(database, first, last, hour)
    return deleted


def _count(database: sqlite3.Connection, first: int, last: int, hour: int) -> None:
    """Count rows again, but for those of an older version that are still to be counted."""
    left = database.execute("SELECT first_id, last_id FROM uncounted").fetchone()
    if not left:
        count_rows(database, first, last, [hour])
        return
    count_rows(database, first, min(last, left[0] - 1), [hour])
    count_rows(database, max(first, left[1] + 1), last, [hour])


def _note(database: sqlite3.Connection, time_range: TimeRange, last_id: int, who: str) -> None:
    """Say what happened, at the place of the last row that is gone: its id is not given again."""
    ids = newest_ids(database)
    [run] = database.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
    until_utc = utc_text(time_range.until)
    since_utc = utc_text(time_range.since) if time_range.since else until_utc
    what = f"from {since_utc}" if time_range.since else EVERYTHING
    details = f"{what} until {until_utc} was forgotten, on the word of {who}"
    incident = Incident("forgotten", since_utc, details, until_utc)
    values = (incident.kind, incident.utc, incident.end_utc, 0.0, 0, incident.details)
    database.execute(INSERT_INCIDENT, (ids.incident + 1, run, max(ids.observation, last_id), *values))


def _overwrite(database: sqlite3.Connection) -> bool:
    """Give the space back and empty the WAL, which holds what was deleted; returns whether that could be done."""
    while shrink(database):
        pass
    deadline_s = time.monotonic() + PATIENCE_SECONDS
    while True:
        [busy, _, _] = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy or time.monotonic() > deadline_s:
            return not busy
        time.sleep(0.05)
