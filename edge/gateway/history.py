"""The log's history as the page draws it: sums over time, hours of the week, gaps, episodes.

Times are seconds since 1970; days and hours are counted in the device's zone. From an hour on everything comes from the
hourly sums, which are quick for years and stay where rows were deleted; below, from the rows themselves.
"""

import bisect
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.colours import ordered
from edge.contract import LABELS
from edge.errors import EdgeError
from edge.events.counts import TIME_BUCKETS
from edge.events.reader import LogReader, open_reader
from edge.events.records import EpisodeRow
from edge.events.rows import HOUR_SECONDS
from edge.events.zone import floor

MAX_BARS = 200
HOUR = timedelta(hours=1)
_, MINUTES, TENS_OF_MINUTES = TIME_BUCKETS
DAYS_BY_MINUTE = timedelta(days=5)
BUCKETS = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    HOUR,
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=28),
]
MAX_GAPS = 200  # the newest; a log of years with a broken camera has thousands
NOT_RUNNING = "not_running"


Sum = tuple[int, str, float, float]
"""Where a piece of time begins; for how many seconds faces showed one emotion in it, and for how many certainly."""


def bucket_for(span: timedelta) -> timedelta:
    """The shortest bucket of which no more than MAX_BARS fill `span`."""
    return next((bucket for bucket in BUCKETS if span / bucket <= MAX_BARS), BUCKETS[-1])


def history(
    path: Path, since: datetime | None, until: datetime, zone: ZoneInfo, labels: Sequence[str] = LABELS
) -> dict[str, Any]:
    """All that the page's charts show of the time from `since` (None: the log's beginning) up to `until`.

    `labels` are the model's; those that were logged then besides are there too.

    Raises UsageError where there is no log, LogError where it cannot be read.
    """
    with open_reader(path) as log:
        first, last = _ends(log)
        start = since or min(first or until, until - timedelta(minutes=1))
        bucket = bucket_for(until - start)
        by_hour = bucket >= HOUR and log.sums_are_complete()  # they are not for a while after an update
        start = floor(start, HOUR, zone) if by_hour else start
        sums, counts = _by_hour(log, start, until) if by_hour else _by_row(log, start, until)
        gaps = _gaps(log, start, until)
        lost = sum(row.rows_lost for row in log.incidents(start, until))
        problems = log.problems.words()
    labels = ordered({*labels, *(emotion for _, emotion, _, _ in sums)})
    return {
        "zone": zone.key,
        "since": _seconds(start),
        "until": _seconds(until),
        "log": {"first": first and _seconds(first), "last": last and _seconds(last)},
        "bucket_seconds": int(bucket.total_seconds()),
        **_over_time(sums, labels, start, until, bucket, zone),
        "totals": _totals(sums, labels),
        **counts,
        "rows_lost": lost,
        "problems": problems,
        "week": _week(sums, labels, zone),
        "gaps": gaps[-MAX_GAPS:],
    }


def episodes(path: Path, since: datetime | None, until: datetime, limit: int, zone: ZoneInfo) -> dict[str, Any]:
    """The newest `limit` episodes, newest first; errors as `history` has them."""
    with open_reader(path) as log:
        interval_seconds = {run.id: run.interval_seconds for run in log.runs()}
        found = [_episode(row, interval_seconds.get(row.run, 0.0)) for row in log.episodes(since, until, limit)]
    return {"zone": zone.key, "episodes": found[::-1]}


def logged_labels(path: Path) -> tuple[str, ...]:
    """Labels of the log beside the seven; none where it cannot be read, which the charts say."""
    try:
        with open_reader(path) as log:
            return log.other_labels
    except EdgeError:
        return ()


def _ends(log: LogReader) -> tuple[datetime | None, datetime | None]:
    """Of all that the log knows."""
    runs = log.runs()
    starts = [datetime.fromisoformat(run.started_utc) for run in runs]
    oldest = log.oldest_sum()
    first = min([*starts, *([oldest] if oldest else [])], default=None)
    return first, max((datetime.fromisoformat(run.last_utc) for run in runs), default=None)


def _by_hour(log: LogReader, since: datetime, until: datetime) -> tuple[list[Sum], dict[str, int]]:
    """Face time from the sums, and how many faces and episodes began."""
    sums: list[Sum] = []
    counts = {"faces": 0, "episodes": 0}
    for hour, emotion, seconds, certain_seconds, episodes, faces in log.hourly_sums(since, until):
        sums.append((hour * HOUR_SECONDS, emotion, seconds, certain_seconds))
        counts["faces"] += faces
        counts["episodes"] += episodes
    return sums, counts


def _by_row(log: LogReader, since: datetime, until: datetime) -> tuple[list[Sum], dict[str, int]]:
    """Face time from the rows themselves, and how many faces and episodes were seen."""
    found = list(log.episodes(since, until))
    counts = {"faces": len({(row.run, row.track) for row in found}), "episodes": len(found)}
    pieces = log.counts(MINUTES if until - since <= DAYS_BY_MINUTE else TENS_OF_MINUTES, since, until)
    return [(_seconds(_moment(row.utc)), row.emotion, row.seconds, row.certain_seconds) for row in pieces], counts


def _over_time(
    sums: Iterable[Sum], labels: Sequence[str], since: datetime, until: datetime, bucket: timedelta, zone: ZoneInfo
) -> dict[str, Any]:
    """Seconds by bucket and label; also buckets in which no face was seen."""
    times = _starts(since, until, bucket, zone)
    found = {label: [0.0] * len(times) for label in labels}
    places: dict[int, int] = {}
    for start, emotion, seconds, _ in sums:
        if start not in places:
            places[start] = bisect.bisect_right(times, start) - 1
        place = places[start]
        if place >= 0:
            found[emotion][place] += seconds
    return {"times": times, "seconds": {label: [round(value, 1) for value in row] for label, row in found.items()}}


def _starts(since: datetime, until: datetime, bucket: timedelta, zone: ZoneInfo) -> list[int]:
    """Where each bucket begins, as the clock on the wall counts: a day may have 23 or 25 hours."""
    start = floor(since, bucket, zone)
    starts = []
    while start < until:
        starts.append(_seconds(start))
        next_start = floor(start + bucket * 1.5, bucket, zone)
        start = next_start if next_start > start else start + bucket
    return starts


def _totals(sums: Iterable[Sum], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    totals = {label: {"seconds": 0.0, "certain_seconds": 0.0} for label in labels}
    for _, emotion, seconds, certain_seconds in sums:
        totals[emotion]["seconds"] += seconds
        totals[emotion]["certain_seconds"] += certain_seconds
    return totals


def _week(sums: Iterable[Sum], labels: Sequence[str], zone: ZoneInfo) -> dict[str, list[list[float]]]:
    """Seconds by label, day of the week (Monday first) and hour."""
    week = {label: [[0.0] * 24 for _ in range(7)] for label in labels}
    places: dict[int, datetime] = {}
    for start, emotion, seconds, _ in sums:
        if start not in places:
            places[start] = datetime.fromtimestamp(start, zone)
        local = places[start]
        week[emotion][local.weekday()][local.hour] += seconds
    return week


def _gaps(log: LogReader, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """When the daemon did not run, and what it noted down, oldest first."""
    found = [
        _gap(gap.start_utc, gap.end_utc, NOT_RUNNING, "not running", since, until) for gap in log.gaps(since, until)
    ]
    for row in log.incidents(since, until):
        found.append(_gap(row.utc, row.end_utc or row.utc, row.kind, row.details, since, until))
    return sorted(found, key=lambda gap: int(gap["start"]))


def _gap(start_utc: str, end_utc: str, kind: str, details: str, since: datetime, until: datetime) -> dict[str, Any]:
    start, end = max(_moment(start_utc), since), min(_moment(end_utc), until)
    return {"start": _seconds(start), "end": _seconds(end), "kind": kind, "details": details}


def _episode(row: EpisodeRow, interval_seconds: float) -> dict[str, Any]:
    return {
        "start": _seconds(_moment(row.start_utc)),
        "seconds": round(row.end_s - row.start_s + interval_seconds, 1),
        "face": row.track,
        "emotion": row.emotion,
        "mean_score": row.mean_score,
        "certain_share": row.certain_share,
    }


@lru_cache(maxsize=10_000)  # the minutes of five days, each asked for once a label
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
