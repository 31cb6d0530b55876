"""The log's history as the page draws it: sums over time, hours of the week, gaps, episodes.

Times are seconds since 1970; days and hours are counted in the device's zone.
"""

import bisect
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.contract import LABELS
from edge.gateway.log_reading import Episode, Gap, LogReader, Sum
from edge.gateway.zone import floor

MAX_BARS = 200
BUCKETS = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=28),
]
MAX_GAPS = 200  # the newest; a log of years with a broken camera has thousands


def bucket_for(span: timedelta) -> timedelta:
    """The shortest bucket of which no more than MAX_BARS fill `span`."""
    return next((bucket for bucket in BUCKETS if span / bucket <= MAX_BARS), BUCKETS[-1])


def history(path: Path, since: datetime | None, until: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """All that the page's charts show of the time from `since` (None: the log's beginning) up to `until`.

    Raises UsageError where there is no log, LogError where it cannot be read.
    """
    with LogReader.open(path) as log:
        runs = log.runs()
        first = min((run.start for run in runs), default=until)
        start = since or min(first, until - timedelta(minutes=1))
        bucket = bucket_for(until - start)
        sums = list(log.sums(start, until, bucket))
        gaps = log.gaps(start, until)
        episodes = list(log.episodes(start, until))
    last = max((run.end for run in runs), default=None)
    return {
        "zone": zone.key,
        "since": _seconds(start),
        "until": _seconds(until),
        "log": {"first": _seconds(first) if runs else None, "last": _seconds(last) if last else None},
        "bucket_seconds": int(bucket.total_seconds()),
        **_over_time(sums, start, until, bucket, zone),
        "totals": _totals(sums),
        "faces": len({(episode.run, episode.track) for episode in episodes}),
        "episodes": len(episodes),
        "rows_lost": sum(gap.rows_lost for gap in gaps),
        "week": _week(sums, zone),
        "gaps": [_gap(gap, start, until) for gap in gaps[-MAX_GAPS:]],
    }


def episodes(path: Path, since: datetime | None, until: datetime, limit: int, zone: ZoneInfo) -> dict[str, Any]:
    """The newest `limit` episodes; errors as `history` has them."""
    earliest = since or datetime(1000, 1, 1, tzinfo=UTC)
    with LogReader.open(path) as log:
        found = []
        for episode in log.episodes(earliest, until):
            found.append(_episode(episode))
            if len(found) == limit:
                break
    return {"zone": zone.key, "episodes": found}


def _over_time(
    sums: Iterable[Sum], since: datetime, until: datetime, bucket: timedelta, zone: ZoneInfo
) -> dict[str, Any]:
    """Seconds by bucket and label; also buckets in which no face was seen."""
    times = _starts(since, until, bucket, zone)
    seconds = {label: [0.0] * len(times) for label in LABELS}
    for entry in sums:
        place = bisect.bisect_right(times, _seconds(entry.start)) - 1
        if entry.emotion in LABELS and place >= 0:
            seconds[entry.emotion][place] += entry.seconds
    return {"times": times, "seconds": {label: [round(value, 1) for value in row] for label, row in seconds.items()}}


def _starts(since: datetime, until: datetime, bucket: timedelta, zone: ZoneInfo) -> list[int]:
    """Where each bucket begins, as the clock on the wall counts: a day may have 23 or 25 hours."""
    start = floor(since, bucket, zone)
    starts = []
    while start < until:
        starts.append(_seconds(start))
        next_start = floor(start + bucket * 1.5, bucket, zone)
        start = next_start if next_start > start else start + bucket
    return starts


def _totals(sums: Iterable[Sum]) -> dict[str, dict[str, float]]:
    totals = {label: {"seconds": 0.0, "certain_seconds": 0.0} for label in LABELS}
    for entry in sums:
        if entry.emotion in totals:
            totals[entry.emotion]["seconds"] += entry.seconds
            totals[entry.emotion]["certain_seconds"] += entry.certain_seconds
    return totals


def _week(sums: Iterable[Sum], zone: ZoneInfo) -> dict[str, list[list[float]]]:
    """Seconds by label, day of the week (Monday first) and hour."""
    week = {label: [[0.0] * 24 for _ in range(7)] for label in LABELS}
    for entry in sums:
        local = entry.start.astimezone(zone)
        if entry.emotion in week:
            week[entry.emotion][local.weekday()][local.hour] += entry.seconds
    return week


def _gap(gap: Gap, since: datetime, until: datetime) -> dict[str, Any]:
    start, end = max(gap.start, since), min(gap.end, until)
    return {"start": _seconds(start), "end": _seconds(end), "kind": gap.kind, "details": gap.details}


def _episode(episode: Episode) -> dict[str, Any]:
    return {
        "start": _seconds(episode.start),
        "seconds": round(episode.seconds, 1),
        "face": episode.track,
        "emotion": episode.emotion,
        "mean_score": episode.mean_score,
        "certain_share": episode.certain_share,
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
