"""Read the log while the daemon writes it. All questions to its tables stand here; all times are true ones."""

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from edge.contract import LABELS, label_fault
from edge.errors import LogError
from edge.events import counts, episode_rows, history, sense, totals
from edge.events.counts import TimeBucket
from edge.events.ended import Backlog, Mark, look
from edge.events.records import Count, EpisodeRow, Gap, IncidentRow, Latest, RunRow, SumRow, WatchRow
from edge.events.rows import utc_text
from edge.events.scan import LAST_ID, Problems, Row, Scanner
from edge.events.schema import OBSERVATION_COLUMNS, pragma
from edge.events.snapshot import check_there, connect_to_read
from edge.events.spans import Span, ids_between, spans
from edge.events.totals import HourSum
from edge.events.visits import Visit, Visits

# As `utc_text` writes them; these sort before and after every time.
EARLIEST = ""
LATEST = "~"

OBSERVATIONS = f"""
SELECT id, {sense.OBSERVATION}, {{columns}} FROM observations
WHERE id BETWEEN :first AND :last ORDER BY id
"""

Bucket = Literal["hour", "day", "month"]


class LogReader:
    """One look at a log, as it was when `open_reader` opened it.

    `since` and `until` are times with a zone, `until` itself left out; None sets no limit. Rows that make no sense are
    left out and counted in `problems`.
    """

    observation_columns = tuple(OBSERVATION_COLUMNS.split(", ")[:-1])
    """without those of labels that have no column"""
    episode_columns = EpisodeRow._fields

    def __init__(self, database: sqlite3.Connection) -> None:
        self.problems = Problems()
        self._database = database
        self._scanner = Scanner(database, self.problems)

    @cached_property
    def other_labels(self) -> tuple[str, ...]:
        """Labels of this log beside the seven."""
        found = self._database.execute("SELECT label FROM labels ORDER BY label")
        return tuple(label for (label,) in found if not label_fault((label, *LABELS)))

    def observations(
        self, since: datetime | None = None, until: datetime | None = None, others: Sequence[str] = ()
    ) -> Iterator[Row]:
        """Rows with the values of `observation_columns`, then those of the labels `others`, in the order of events."""
        utc = OBSERVATION_COLUMNS.split(", ").index("utc")
        query = OBSERVATIONS.format(columns=OBSERVATION_COLUMNS)
        for span in self.spans:
            earliest, latest = _texts(since, until, span)
            for row in self._scanner.rows(query, *self._ids(span, since, until)):
                if earliest <= str(row[utc]) < latest:
                    true_utc = history.shifted(str(row[utc]), span.shift_seconds)
                    yield (*row[:utc], true_utc, *row[utc + 1 : -1], *_probabilities(row[-1], others))

    def episodes(
        self, since: datetime | None = None, until: datetime | None = None, limit: int | None = None
    ) -> Iterator[EpisodeRow]:
        """Those of which any part lies in that time, in the order of their beginnings; the last `limit` of them."""
        found = self._episodes(since, until)
        return found if limit is None else iter(deque(found, maxlen=limit))

    def ended(self, mark: Mark, limit: int, quiet: bool) -> Backlog:
        """The first `limit` episodes that have ended since `mark`, in the order of their ends.

        `quiet`: nothing was written for so long that none can go on.
        """
        return look(self._scanner, self.spans, mark, limit, quiet)

    @property
    def log_id(self) -> str:
        """Of this file and no other, made at random; empty until a daemon of this version has opened it."""
        number = pragma(self._database, "application_id")
        return f"{number:08x}" if number else ""

    @property
    def device(self) -> str:
        """What the device is called since its newest start; empty in a log of an older version."""
        return next((run.device for run in reversed(self._runs) if run.device), "")

    def row_count(self) -> int:
        """Observations from the oldest to the newest, at once; those forgotten in between count too."""
        ends = "SELECT (SELECT min(id) FROM observations), (SELECT max(id) FROM observations)"
        first, last = self._database.execute(ends).fetchone()
        return 0 if first is None else int(last - first + 1)

    def visits(self, since: datetime | None = None, until: datetime | None = None, limit: int = 20) -> Visits:
        """How many faces came, how long their episodes lasted, and the visits that lasted longest."""
        found = Visits({run.id: run.interval_seconds for run in self._runs}, limit)
        found.add_all(self._episodes(since, until))
        return found

    def episodes_of(self, visit: Visit) -> list[EpisodeRow]:
        """The episodes that make up a visit."""
        rows = episode_rows.between(self._scanner, visit.first_episode, visit.last_episode)
        return [row for row in rows if (row.run, row.track) == (visit.run, visit.track)]

    @cached_property
    def _incidents(self) -> list[IncidentRow]:
        return history.read_incidents(self._scanner)

    @cached_property
    def _runs(self) -> list[RunRow]:
        return history.read_runs(self._scanner, self._incidents, self.spans)

    def runs(self) -> list[RunRow]:
        """All that the log still knows, oldest first."""
        return list(self._runs)

    def incidents(self, since: datetime | None = None, until: datetime | None = None) -> list[IncidentRow]:
        """What happened to clock and file, as far as it lies in that time."""
        found = history.repaired_incidents(self._incidents, self.spans)
        return [row for row in found if _lies_in(row.utc, row.end_utc or row.utc, since, until)]

    def gaps(self, since: datetime | None = None, until: datetime | None = None) -> list[Gap]:
        """Times between two runs, from a minute on, of which any part lies in that time."""
        found = history.gaps_between(self._runs)
        return [gap for gap in found if _lies_in(gap.start_utc, gap.end_utc, since, until)]

    def counts(self, bucket: TimeBucket, since: datetime | None = None, until: datetime | None = None) -> list[Count]:
        """Face time from the rows themselves, by emotion and pieces of time as short as `bucket` says."""
        found: list[Count] = []
        for span in self.spans:
            ids = self._ids(span, since, until)
            found += counts.count(self._scanner, span, ids, _texts(since, until, span), bucket)
        return found

    def sums(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        bucket: Bucket = "hour",
        zone: ZoneInfo | None = None,
    ) -> list[SumRow]:
        """Face time by emotion, from the hourly sums: whole hours, also where rows were deleted. Quick for years."""
        return totals.sums(self._scanner, since, until, bucket, zone)

    def hourly_sums(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[HourSum]:
        """The same by the hour, as plain values; an hour in which two runs were going has those of each."""
        return totals.hourly(self._scanner, since, until)

    def totals(self) -> dict[str, tuple[float, int]]:
        """Seconds of face time and episodes by emotion, from the hourly sums of all time. Quick for years."""
        return totals.by_emotion(self._scanner)

    def watched(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        bucket: Bucket = "hour",
        zone: ZoneInfo | None = None,
    ) -> list[WatchRow]:
        """How long the camera was watched and paused, from the same sums."""
        return totals.watched(self._scanner, since, until, bucket, zone)

    def sums_are_complete(self) -> bool:
        """False for a while after an update, until the rows of an older version are counted."""
        return not self._database.execute("SELECT count(*) FROM uncounted").fetchone()[0]

    def oldest_sum(self) -> datetime | None:
        """Where the hourly sums begin."""
        found = self._database.execute("SELECT min(hour) FROM sums WHERE typeof(hour) = 'integer'").fetchone()[0]
        return None if found is None else totals.start_of(found)

    def rows_begin_after(self, since: datetime | None) -> bool:
        """Whether rows were deleted, by age or size, that the sums from `since` on still count."""
        oldest = self.oldest_sum()
        if oldest is None:
            return False
        for id, utc in self._scanner.rows(OBSERVATIONS.format(columns="id, utc"), 1, LAST_ID):
            first = datetime.fromisoformat(history.shifted(utc, history.shift_at(id, self.spans)))
            return bool(id > 1) and max(oldest, since or oldest) < first
        return True

    def latest(self) -> Latest | None:
        """The newest that the log knows; None where nothing ever ran."""
        if not self._runs:
            return None
        run = self._runs[-1]
        face_utc = self._utc_of(self.spans[-1].last_id) if self.spans else None
        return Latest(run.started_utc, run.last_utc, run.source, run.model, face_utc)

    def _utc_of(self, id: int) -> str | None:
        """True time of a row, where that makes sense."""
        for (utc,) in self._scanner.rows(OBSERVATIONS.format(columns="utc"), id, id):
            return history.shifted(utc, history.shift_at(id, self.spans))
        return None

    @cached_property
    def spans(self) -> list[Span]:
        """All of the log, cut where its clock jumped."""
        try:
            return spans(self._database)
        except sqlite3.DatabaseError as error:
            self.problems.note(error)
            return [Span(1, LAST_ID, 0.0)]

    def _ids(self, span: Span, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        try:
            return ids_between(self._database, span, since, until)
        except sqlite3.DatabaseError as error:
            self.problems.note(error)
            return span.first_id, span.last_id

    def _episodes(self, since: datetime | None, until: datetime | None) -> Iterator[EpisodeRow]:
        first_observations = [self._ids(span, since, None)[0] for span in self.spans] if since else []
        for row in episode_rows.from_observation(self._scanner, self.spans, first_observations):
            if _lies_in(row.start_utc, row.end_utc, since, until):
                yield row


@contextmanager
def open_reader(path: Path) -> Iterator[LogReader]:
    """Open the log `path` as it is at this moment; it is not written.

    Raises UsageError where there is none, LogError where it cannot be read, also later on.
    """
    check_there(path)
    try:
        with closing(connect_to_read(path)) as database:
            yield LogReader(database)
    except sqlite3.Error as error:
        raise LogError(
            f"{path}: cannot be read ({error})", f"if it is damaged, `sqlite3 {path} .recover` may save its rows"
        ) from error


def _probabilities(text: str | None, labels: Sequence[str]) -> Iterator[float | None]:
    """Of the row's other labels; None where its model has no such label."""
    found = json.loads(text) if text else {}
    for label in labels:
        share = found.get(label) if isinstance(found, dict) else None
        yield share if isinstance(share, int | float) else None


def _texts(since: datetime | None, until: datetime | None, span: Span) -> tuple[str, str]:
    """The times as `span` writes them."""
    earliest = utc_text(since - span.shift) if since else EARLIEST
    latest = utc_text(until - span.shift) if until else LATEST
    return earliest, latest


def _lies_in(start_utc: str, end_utc: str, since: datetime | None, until: datetime | None) -> bool:
    return (not since or end_utc >= utc_text(since)) and (not until or start_utc < utc_text(until))
