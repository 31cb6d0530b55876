"""Add up face time by emotion and time bucket: in SQLite, or row by row where the file is damaged."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from edge.events import sense
from edge.events.history import shifted
from edge.events.records import Count
from edge.events.scan import Scanner
from edge.events.spans import Span


@dataclass(frozen=True)
class TimeBucket:
    """Group rows by ISO-time prefix: 19 characters are a second, 16 a minute, 15 ten minutes."""

    longest: timedelta
    """that is counted like this, so that days fit into memory and a page"""
    letters: int
    resolution: timedelta
    rest: str
    """what makes the prefix a time again"""


TIME_BUCKETS = (
    TimeBucket(timedelta(hours=2), 19, timedelta(seconds=1), ".000+00:00"),
    TimeBucket(timedelta(days=3), 16, timedelta(minutes=1), ":00.000+00:00"),
    TimeBucket(timedelta.max, 15, timedelta(minutes=10), "0:00.000+00:00"),
)
GROUPED = f"""
SELECT makes_sense, utc >= :since AND utc < :until AS inside, substr(utc, 1, :letters) AS time, emotion,
    sum(interval_seconds) AS seconds, sum(certain * interval_seconds) AS certain_seconds,
    count(*) AS rows, min(id) AS first, max(id) AS last
FROM (
    SELECT observations.id, utc, emotion, certain, coalesce(interval_seconds, 1.0) AS interval_seconds,
        {sense.OBSERVATION} AS makes_sense
    FROM observations LEFT JOIN runs ON runs.id = run WHERE observations.id BETWEEN :first AND :last
) GROUP BY makes_sense, inside, time, emotion
"""
ONE_BY_ONE = f"""
SELECT observations.id, {sense.OBSERVATION}, substr(utc, 1, :letters), emotion, coalesce(interval_seconds, 1.0),
    certain, utc >= :since AND utc < :until
FROM observations LEFT JOIN runs ON runs.id = run
WHERE observations.id BETWEEN :first AND :last ORDER BY observations.id
"""
NEWEST_ID = "SELECT max(id) FROM observations WHERE id <= ?"


def bucket_for(length: timedelta) -> TimeBucket:
    return next(bucket for bucket in TIME_BUCKETS if length <= bucket.longest)


def count(
    scanner: Scanner,
    span: Span,
    ids: tuple[int, int],
    utc_range: tuple[str, str],
    bucket: TimeBucket,
) -> Iterator[Count]:
    """Face time from `ids` of `span` whose written time lies in `utc_range`."""
    first, last = ids
    values = {"letters": bucket.letters, "since": utc_range[0], "until": utc_range[1]}
    try:
        found = _grouped(scanner, values | {"first": first, "last": last})
    except sqlite3.DatabaseError as error:
        scanner.problems.note(error)
        found = None
    if found is None:
        found = _one_by_one(scanner, first, last, values)
    for time, emotion, seconds, certain_seconds in found:
        yield Count(shifted(time + bucket.rest, span.shift_seconds), emotion, seconds, certain_seconds)


Group = tuple[str, str, float, float]


def _grouped(scanner: Scanner, values: dict[str, object]) -> list[Group] | None:
    """None where ids are missing on the way: then they may be there, behind a damaged place."""
    found: list[Group] = []
    rows = 0
    firsts = []
    lasts = []
    senseless = 0
    for makes_sense, inside, *group, count, first, last in scanner.database.execute(GROUPED, values):
        rows += count
        firsts.append(first)
        lasts.append(last)
        if not makes_sense:
            senseless += count
        elif inside:
            found.append(tuple(group))
    [newest] = scanner.database.execute(NEWEST_ID, (values["last"],)).fetchone()
    if firsts and (rows != max(lasts) - min(firsts) + 1 or newest != max(lasts)):
        return None
    scanner.problems.rows += senseless
    return found


def _one_by_one(scanner: Scanner, first: int, last: int, values: dict[str, object]) -> list[Group]:
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for time, emotion, interval_seconds, certain, inside in scanner.rows(ONE_BY_ONE, first, last, **values):
        if inside:
            seconds, certain_seconds = found.get((time, emotion), (0.0, 0.0))
            found[time, emotion] = (
                seconds + interval_seconds,
                certain_seconds + certain * interval_seconds,
            )
    return [(*key, *figures) for key, figures in found.items()]
