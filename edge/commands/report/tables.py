"""From the log to tables in local time, repaired where the clock jumped."""

import bisect
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from edge.events.reader import Span, ids_between, spans
from edge.events.rows import utc_text

LOCAL_ZONE = Path("/etc/localtime")
VISITS = 20  # faces that are drawn one by one: those that stayed longest
MIN_GAP = timedelta(minutes=1)  # between two runs; a restart takes less
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

# An ISO time is cut off after its seconds, minutes or tens of minutes, so that years fit into memory.
LETTERS = (
    (timedelta(hours=2), 19, timedelta(seconds=1)),
    (timedelta(days=3), 16, timedelta(minutes=1)),
    (timedelta.max, 15, timedelta(minutes=10)),
)
COUNTS = """
SELECT substr(utc, 1, ?) AS time, emotion, sum(interval_seconds) AS seconds,
    sum(certain * interval_seconds) AS certain_seconds
FROM observations JOIN runs ON runs.id = run
WHERE observations.id BETWEEN ? AND ? AND utc >= ? AND utc < ? GROUP BY 1, 2
"""
EPISODES = """
SELECT run, track, emotion, start_utc, end_s - start_s + interval_seconds AS seconds, start_s,
    episodes.first_observation
FROM episodes JOIN runs ON runs.id = run ORDER BY episodes.id
"""
RUNS = """
SELECT id, started_utc, last_utc, first_observation,
    (SELECT coalesce(sum(seconds), 0.0) FROM incidents WHERE run = runs.id) AS jumps_seconds
FROM runs ORDER BY id
"""
LAST_OBSERVATION = "SELECT id, utc FROM observations WHERE run = ? AND id < ? ORDER BY id DESC LIMIT 1"


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
    episodes: pd.DataFrame
    """run, track, emotion, start, seconds, start_s"""
    gaps: pd.DataFrame
    """start, end, what: when nothing was logged, and why, or when the clock was wrong"""
    sources: list[str]
    models: list[str]

    @property
    def visits(self) -> pd.DataFrame:
        """The faces that stayed longest: run, track, start, start_s, seconds from the first to the last sight."""
        ends = self.episodes.assign(end_s=self.episodes["start_s"] + self.episodes["seconds"])
        faces = ends.groupby(["run", "track"]).agg(
            start=("start", "first"), start_s=("start_s", "min"), end_s=("end_s", "max")
        )
        faces["seconds"] = faces["end_s"] - faces["start_s"]
        return faces.nlargest(VISITS, "seconds").reset_index()


def read(database: sqlite3.Connection, since: datetime | None, until: datetime | None) -> Tables:
    zone = local_zone()
    stretches = spans(database)
    letters, resolution = _resolution(database, since, until)
    counts = _counts(database, stretches, since, until, letters).assign(time=lambda table: _local(table["time"], zone))
    episodes = _episodes(database, stretches, since, until).assign(start=lambda table: _local(table["start"], zone))
    start, end = counts["time"].min(), counts["time"].max()
    gaps = _gaps(database, stretches)
    gaps = gaps[(gaps["end"] >= (since or EARLIEST)) & (gaps["start"] < (until or LATEST))]
    for side in ("start", "end"):
        gaps[side] = _local(gaps[side].clip(since, until), zone)
    sources, models = (
        [row[0] for row in database.execute(f"SELECT DISTINCT {name} FROM runs")] for name in ("source", "model")
    )
    return Tables(zone.key, start, end, counts, resolution, episodes, gaps, sources, models)


def local_zone() -> ZoneInfo:
    """The zone of $TZ, else of this machine, with its name where it has one."""
    try:
        return ZoneInfo(os.environ.get("TZ", "").lstrip(":") or str(LOCAL_ZONE.resolve()).partition("zoneinfo/")[2])
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def _counts(
    database: sqlite3.Connection, stretches: list[Span], since: datetime | None, until: datetime | None, letters: int
) -> pd.DataFrame:
    tables = []
    for span in stretches:
        shift = timedelta(seconds=span.shift_seconds)
        earliest, latest = (since or EARLIEST) - shift, (until or LATEST) - shift
        ids = ids_between(database, span, since and earliest, until and latest)
        values = (letters, *ids, utc_text(earliest), utc_text(latest))
        table = _query(database, COUNTS, values)
        # Tens of minutes lack their last digit.
        table["time"] = _times(table["time"].where(table["time"].str.len() != 15, table["time"] + "0")) + shift
        tables.append(table)
    empty = {"time": _times(pd.Series(dtype=str)), "emotion": [], "seconds": [], "certain_seconds": []}
    return pd.concat(tables).dropna() if tables else pd.DataFrame(empty)


def _resolution(database: sqlite3.Connection, since: datetime | None, until: datetime | None) -> tuple[int, timedelta]:
    """How exactly times are counted, as letters of a time and between two times: a log of minutes by the second, one of months by ten minutes."""
    query = "SELECT min(started_utc), max(last_utc) FROM runs"
    first, last = (datetime.fromisoformat(text or utc_text(EARLIEST)) for text in database.execute(query).fetchone())
    wanted = (until or last) - max(since or first, first)
    return next((letters, resolution) for longest, letters, resolution in LETTERS if wanted <= longest)


def _episodes(
    database: sqlite3.Connection, stretches: list[Span], since: datetime | None, until: datetime | None
) -> pd.DataFrame:
    table = _query(database, EPISODES)
    table["start"] = _times(table["start_utc"]) + _shifts(table["first_observation"], stretches)
    ends = table["start"] + pd.to_timedelta(table["seconds"], unit="s")
    return table[(ends >= (since or EARLIEST)) & (table["start"] < (until or LATEST))]


def _gaps(database: sqlite3.Connection, stretches: list[Span]) -> pd.DataFrame:
    """When the daemon did not run, and what it noted down as incidents."""
    rows = []
    runs = _query(database, RUNS)
    starts = _times(runs["started_utc"]) + pd.to_timedelta(runs["jumps_seconds"], unit="s")
    lasts = _times(runs["last_utc"])
    next_ids = [*runs["first_observation"][1:], 2**62]
    for number, (run, next_id) in enumerate(zip(runs["id"], next_ids, strict=True)):
        observed = database.execute(LAST_OBSERVATION, (run, next_id)).fetchone()
        last = lasts[number]
        if observed:
            last = max(last, pd.Timestamp(observed[1]) + _shifts(pd.Series([observed[0]]), stretches)[0])
        if number + 1 < len(runs) and starts[number + 1] - last >= MIN_GAP:
            rows.append((last, starts[number + 1], "not running"))
    for observation, utc, end_utc, details in database.execute(
        "SELECT observation, utc, end_utc, details FROM incidents"
    ):
        shift = _shifts(pd.Series([observation + 1]), stretches)[0]
        rows.append((pd.Timestamp(utc) + shift, pd.Timestamp(end_utc or utc) + shift, details))
    table = pd.DataFrame(rows, columns=["start", "end", "what"])
    return table.assign(start=_times(table["start"]), end=_times(table["end"])).sort_values("start")


def _query(database: sqlite3.Connection, query: str, values: Sequence[object] = ()) -> pd.DataFrame:
    """As pandas' own, but its errors stay SQLite's."""
    cursor = database.execute(query, values)
    return pd.DataFrame(cursor.fetchall(), columns=[column[0] for column in cursor.description])


def _times(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """ISO 8601 as UTC; what a damaged file made of it, as NaT."""
    return pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")


def _local(times: "pd.Series[pd.Timestamp]", zone: ZoneInfo) -> "pd.Series[pd.Timestamp]":
    return times.dt.tz_convert(zone).dt.tz_localize(None)


def _shifts(observation_ids: "pd.Series[int]", stretches: list[Span]) -> "pd.Series[pd.Timedelta]":
    """What the later jumps of the clock add to the times of these observations."""
    ends = [span.last_id for span in stretches]
    seconds = [span.shift_seconds for span in stretches] + [0.0]
    found = [seconds[bisect.bisect_left(ends, id)] for id in observation_ids]
    return pd.to_timedelta(pd.Series(found, index=observation_ids.index, dtype=float), unit="s")
