"""Add the hourly sums up to hours, days or months of any time zone."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from edge.events import sense
from edge.events.records import SumRow, WatchRow
from edge.events.rows import HOUR_SECONDS
from edge.events.scan import Row, Scanner

HOURS = range(-700_000, 2_100_001)  # every hour that makes sense
BY_EMOTION = f"SELECT emotion, total(seconds), total(episodes) FROM sums WHERE {sense.SUM} GROUP BY emotion"
START = datetime(1970, 1, 1, tzinfo=UTC)

SUMS = f"""
SELECT hour, emotion, seconds, certain_seconds, episodes, faces FROM sums WHERE hour BETWEEN ? AND ? AND {sense.SUM}
"""
WATCHED = f"SELECT hour, watched_seconds, paused_seconds FROM watch WHERE hour BETWEEN ? AND ? AND {sense.WATCH}"
SENSELESS_SUMS = f"SELECT count(*) FROM sums WHERE hour BETWEEN ? AND ? AND NOT {sense.SUM}"
SENSELESS_WATCHED = f"SELECT count(*) FROM watch WHERE hour BETWEEN ? AND ? AND NOT {sense.WATCH}"

HourSum = tuple[int, str, float, float, int, int]
"""Hour since 1970, and the values of a SumRow from its emotion on; one for each run that was going in that hour."""

Bucket = Literal["hour", "day", "month"]


def sums(
    scanner: Scanner,
    since: datetime | None,
    until: datetime | None,
    bucket: Bucket,
    zone: ZoneInfo | None,
) -> list[SumRow]:
    starts = _starts(bucket, zone)
    found: dict[tuple[str, str], SumRow] = {}
    for hour, emotion, seconds, certain_seconds, episodes, faces in hourly(scanner, since, until):
        start = starts(hour)
        known = found.get((start, emotion))
        if known:
            seconds += known.seconds
            certain_seconds += known.certain_seconds
            episodes += known.episodes
            faces += known.faces
        found[start, emotion] = SumRow(start, emotion, seconds, certain_seconds, episodes, faces)
    return list(found.values())


def hourly(scanner: Scanner, since: datetime | None, until: datetime | None) -> Iterator[HourSum]:
    """The sums as they stand in the file, which is quickest."""
    return _rows(scanner, SUMS, SENSELESS_SUMS, since, until)


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
    for hour, watched_seconds, paused_seconds in _rows(scanner, WATCHED, SENSELESS_WATCHED, since, until):
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


def _rows(
    scanner: Scanner, query: str, senseless: str, since: datetime | None, until: datetime | None
) -> Iterator[Row]:
    """What `query` gives for the hours of that time; `senseless` counts the rows that it leaves out."""
    hours = hour_range(since, until)
    ends = (hours.start, hours.stop - 1)
    try:
        scanner.problems.rows += scanner.database.execute(senseless, ends).fetchone()[0]
        yield from scanner.database.execute(query, ends)
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
