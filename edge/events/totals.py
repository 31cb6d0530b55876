"""Add the hourly sums up to hours, days or months of any time zone."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from edge.events import sense
from edge.events.records import SumRow, WatchRow
from edge.events.rows import HOUR_SECONDS
from edge.events.scan import Scanner

HOURS = range(-700_000, 2_100_001)  # every hour that makes sense
BY_EMOTION = f"SELECT emotion, total(seconds), total(episodes) FROM sums WHERE {sense.SUM} GROUP BY emotion"
START = datetime(1970, 1, 1, tzinfo=UTC)

SUMS = f"""
SELECT {sense.SUM}, hour, emotion, seconds, certain_seconds, episodes, faces FROM sums WHERE hour BETWEEN ? AND ?
"""
WATCHED = f"SELECT {sense.WATCH}, hour, watched_seconds, paused_seconds FROM watch WHERE hour BETWEEN ? AND ?"

Bucket = Literal["hour", "day", "month"]


def sums(
    scanner: Scanner,
    since: datetime | None,
    until: datetime | None,
    bucket: Bucket,
    zone: ZoneInfo | None,
) -> list[SumRow]:
    starts = _starts(bucket, zone)
    found: dict[tuple[str, str], list[Any]] = {}
    for hour, emotion, *figures in _rows(scanner, SUMS, since, until):
        known = found.setdefault((starts(hour), emotion), [0.0, 0.0, 0, 0])
        for place, figure in enumerate(figures):
            known[place] += figure
    return [SumRow(*key, *figures) for key, figures in found.items()]


def by_emotion(scanner: Scanner) -> dict[str, tuple[float, int]]:
    """Seconds of face time and episodes of each emotion, from all hours that the log knows; quick for years."""
    found: dict[str, tuple[float, int]] = {}
    try:
        for emotion, seconds, episodes in scanner.database.execute(BY_EMOTION):
            found[emotion] = (float(seconds), int(episodes))
    except sqlite3.DatabaseError as error:
        scanner.problems.note(error)
    return found


def watched(
    scanner: Scanner,
    since: datetime | None,
    until: datetime | None,
    bucket: Bucket,
    zone: ZoneInfo | None,
) -> list[WatchRow]:
    starts = _starts(bucket, zone)
    found: dict[str, list[float]] = {}
    for hour, watched_seconds, paused_seconds in _rows(scanner, WATCHED, since, until):
        known = found.setdefault(starts(hour), [0.0, 0.0])
        known[0] += watched_seconds
        known[1] += paused_seconds
    return [WatchRow(start, *figures) for start, figures in found.items()]


def hour_range(since: datetime | None, until: datetime | None) -> range:
    """The hours of which any part lies in that time."""
    first = int(since.timestamp() // HOUR_SECONDS) if since else HOURS.start
    end = int(-(-until.timestamp() // HOUR_SECONDS)) if until else HOURS.stop
    return range(first, end)


def start_of(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def _rows(scanner: Scanner, query: str, since: datetime | None, until: datetime | None) -> Iterator[list[Any]]:
    """What `query` gives for the hours of that time, without what makes no sense."""
    hours = hour_range(since, until)
    try:
        for makes_sense, *values in scanner.database.execute(query, (hours.start, hours.stop - 1)):
            if makes_sense:
                yield values
            else:
                scanner.problems.rows += 1
    except sqlite3.DatabaseError as error:
        scanner.problems.note(error)


def _starts(bucket: Bucket, zone: ZoneInfo | None) -> Callable[[int], str]:
    """Gives where the hour, day or month begins in which an hour lies."""
    known: dict[int, str] = {}

    def start(hour: int) -> str:
        if hour not in known:
            known[hour] = _start(start_of(hour).astimezone(zone or UTC), bucket)
        return known[hour]

    return start


def _start(moment: datetime, bucket: Bucket) -> str:
    if bucket == "day":
        moment = moment.replace(hour=0, minute=0)
    if bucket == "month":
        moment = moment.replace(day=1, hour=0, minute=0)
    return moment.isoformat()
