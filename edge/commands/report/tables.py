"""Make tables in local time of what the log holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from edge.events.counts import TimeBucket, bucket_for
from edge.events.reader import LogReader
from edge.events.records import LengthRow
from edge.events.rows import HOUR_SECONDS
from edge.events.visits import Visits
from edge.events.zone import local_zone

VISITS = 20  # faces that are drawn one by one: those that stayed longest
LONGEST_FROM_ROWS = timedelta(days=31)  # what is longer, or older than the rows, is told by the hourly sums
HOUR = timedelta(hours=1)
COUNT_COLUMNS = ("time", "emotion", "seconds", "certain_seconds")


@dataclass(frozen=True)
class Tables:
    """All times are local, without their zone."""

    zone: str
    start: pd.Timestamp
    end: pd.Timestamp
    counts: pd.DataFrame
    """time, emotion, seconds, certain_seconds"""
    resolution: timedelta
    """between the times of `counts`"""
    faces: int
    lengths: pd.DataFrame
    """of episodes: emotion, episodes, median_seconds, longest_seconds"""
    visits: pd.DataFrame
    """the faces that stayed longest: run, track, start, start_s, seconds from the first to the last sight"""
    visit_episodes: pd.DataFrame
    """what these showed: run, track, emotion, seconds, start_s"""
    gaps: pd.DataFrame
    """start, end, what: when nothing was logged, and why, or when the clock was wrong"""
    not_running_seconds: float
    sources: list[str]
    models: list[str]
    problems: str
    """what of the log could not be read, in one line"""


def read(reader: LogReader, since: datetime | None, until: datetime | None) -> Tables:
    """Tables of what happened from `since` to `until`."""
    zone = local_zone()
    bucket = _bucket(reader, since, until)
    counts = _from_rows(reader, bucket, since, until) if bucket else _from_sums(reader, since, until)
    counts["time"] = _local(counts["time"], zone)
    visits = reader.visits(since, until, VISITS)
    faces = visits.faces if bucket else int(counts["faces"].sum())
    gaps = _gaps(reader, since, until, zone)
    stopped = gaps[gaps["what"] == "not running"]
    runs = reader.runs()
    return Tables(
        zone=zone.key,
        start=counts["time"].min(),
        end=counts["time"].max(),
        counts=counts,
        resolution=bucket.resolution if bucket else HOUR,
        faces=faces,
        lengths=pd.DataFrame(visits.lengths(), columns=LengthRow._fields),
        visits=_visits(visits, zone),
        visit_episodes=_visit_episodes(reader, visits),
        gaps=gaps,
        not_running_seconds=float((stopped["end"] - stopped["start"]).dt.total_seconds().sum()),
        sources=_each_once(run.source for run in runs),
        models=_each_once(run.model for run in runs),
        problems=reader.problems.words(),
    )


def _bucket(reader: LogReader, since: datetime | None, until: datetime | None) -> TimeBucket | None:
    """How finely to count the rows for this time span; None where the hourly sums tell more."""
    runs = reader.runs()
    ends = [datetime.fromisoformat(time) for run in runs for time in (run.started_utc, run.last_utc)]
    if reader.sums_are_complete() and (oldest := reader.oldest_sum()):
        ends.append(oldest)
    if not ends:
        return bucket_for(timedelta(0))
    length = (until or max(ends)) - max(since or min(ends), min(ends))
    if reader.sums_are_complete() and (length > LONGEST_FROM_ROWS or reader.rows_begin_after(since)):
        return None
    return bucket_for(length)


def _from_rows(reader: LogReader, bucket: TimeBucket, since: datetime | None, until: datetime | None) -> pd.DataFrame:
    table = pd.DataFrame(reader.counts(bucket, since, until), columns=COUNT_COLUMNS)
    table["time"] = _times(table["time"])
    return table


def _from_sums(reader: LogReader, since: datetime | None, until: datetime | None) -> pd.DataFrame:
    table = pd.DataFrame(reader.hourly_sums(since, until), columns=(*COUNT_COLUMNS, "episodes", "faces"))
    table["time"] = pd.to_datetime(table["time"] * HOUR_SECONDS, unit="s", utc=True)
    return table


def _visits(visits: Visits, zone: ZoneInfo) -> pd.DataFrame:
    rows = []
    for visit in visits.longest():
        rows.append((visit.run, visit.track, visit.start_utc, visit.start_s, visit.seconds))
    table = pd.DataFrame(rows, columns=["run", "track", "start", "start_s", "seconds"])
    table["start"] = _local(_times(table["start"]), zone)
    return table


def _visit_episodes(reader: LogReader, visits: Visits) -> pd.DataFrame:
    rows = []
    for visit in visits.longest():
        for row in reader.episodes_of(visit):
            seconds = row.end_s - row.start_s + visits.intervals.get(row.run, 1.0)
            rows.append((row.run, row.track, row.emotion, seconds, row.start_s))
    return pd.DataFrame(rows, columns=["run", "track", "emotion", "seconds", "start_s"])


def _gaps(reader: LogReader, since: datetime | None, until: datetime | None, zone: ZoneInfo) -> pd.DataFrame:
    """When the daemon did not run, and what it noted down as incidents."""
    rows = [(gap.start_utc, gap.end_utc, "not running") for gap in reader.gaps(since, until)]
    rows += [(row.utc, row.end_utc or row.utc, row.details) for row in reader.incidents(since, until)]
    table = pd.DataFrame(rows, columns=["start", "end", "what"])
    for side in ("start", "end"):
        table[side] = _local(_times(table[side]).clip(since, until), zone)
    return table.sort_values("start")


def _each_once(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _times(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(texts, format="ISO8601", utc=True)


def _local(times: "pd.Series[pd.Timestamp]", zone: ZoneInfo) -> "pd.Series[pd.Timestamp]":
    return times.dt.tz_convert(zone).dt.tz_localize(None)
