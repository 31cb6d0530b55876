"""Read runs, incidents and the gaps between runs, with times repaired where the clock jumped."""

import itertools
import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from edge.events import sense
from edge.events.records import Gap, IncidentRow, RunRow
from edge.events.rows import utc_text
from edge.events.scan import LAST_ID, Scanner
from edge.events.spans import Span

MIN_GAP_SECONDS = 60.0  # between two runs; a restart takes less
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 1, 1, tzinfo=UTC)
LAST_OBSERVATION = f"""
SELECT id, utc FROM observations WHERE id BETWEEN ? AND ? AND run = ? AND {sense.OBSERVATION} ORDER BY id DESC LIMIT 1
"""


def shifted(utc: str, seconds: float) -> str:
    """A time that makes sense, later by `seconds`."""
    if not seconds:
        return utc
    moment = datetime.fromisoformat(utc)
    return utc_text(min(max(moment + timedelta(seconds=seconds), EARLIEST), LATEST))


def shift_at(observation: int, spans: Sequence[Span]) -> float:
    """What the later jumps of the clock add to the time of this observation."""
    number = bisect_left(spans, observation, key=lambda span: span.last_id)
    return spans[number].shift_seconds if number < len(spans) else 0.0


def read_incidents(scanner: Scanner) -> list[IncidentRow]:
    """With their times as they were written."""
    rows = scanner.table("incidents", ", ".join(IncidentRow._fields), sense.INCIDENT)
    return [IncidentRow(*values) for values in rows]


def repaired_incidents(written: Sequence[IncidentRow], spans: Sequence[Span]) -> list[IncidentRow]:
    found = []
    for row in written:
        shift = shift_at(row.observation + 1, spans)
        end_utc = row.end_utc and shifted(row.end_utc, shift)
        found.append(row._replace(utc=shifted(row.utc, shift), end_utc=end_utc))
    return found


def read_runs(scanner: Scanner, incidents: Sequence[IncidentRow], spans: Sequence[Span]) -> list[RunRow]:
    """Their ends are the last face, where that is later than what the daemon noted."""
    jumps: dict[int, float] = {}
    for row in incidents:
        jumps[row.run] = jumps.get(row.run, 0.0) + row.seconds
    found = [RunRow(*values) for values in scanner.table("runs", ", ".join(RunRow._fields), sense.RUN)]
    ends = [run.first_observation - 1 for run in found[1:]]
    for number, (run, last_id) in enumerate(zip(found, [*ends, LAST_ID], strict=False)):
        last_utc = max(run.last_utc, _last_face(scanner, run, last_id, spans))
        found[number] = run._replace(started_utc=shifted(run.started_utc, jumps.get(run.id, 0.0)), last_utc=last_utc)
    return found


def _last_face(scanner: Scanner, run: RunRow, last_id: int, spans: Sequence[Span]) -> str:
    try:
        found = scanner.database.execute(LAST_OBSERVATION, (run.first_observation, last_id, run.id)).fetchone()
    except sqlite3.DatabaseError as error:
        scanner.problems.note(error)
        return ""
    return shifted(found[1], shift_at(found[0], spans)) if found else ""


def gaps_between(runs: Sequence[RunRow]) -> list[Gap]:
    found = []
    for before, after in itertools.pairwise(runs):
        seconds = seconds_between(before.last_utc, after.started_utc)
        if seconds >= MIN_GAP_SECONDS:
            found.append(Gap(before.last_utc, after.started_utc, seconds))
    return found


def seconds_between(start_utc: str, end_utc: str) -> float:
    return (datetime.fromisoformat(end_utc) - datetime.fromisoformat(start_utc)).total_seconds()
