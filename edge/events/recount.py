"""Add rows that are in the file already to the hourly sums: those of an older version, and those left by a forget."""

import sqlite3
from collections.abc import Container

from edge.events import sense
from edge.events.episodes import GAP_SECONDS, Episodes
from edge.events.history import shifted
from edge.events.rows import Observation
from edge.events.schema import transaction
from edge.events.spans import spans
from edge.events.sums import Sums

ROWS = 1000  # counted at a time: some ten milliseconds during which nothing else is written
CONTEXT = 200  # rows before those counted: what began there does not begin again

SELECT = f"""
SELECT observations.id, run, utc, time_s, track, emotion, certain, coalesce(interval_seconds, 1.0)
FROM observations LEFT JOIN runs ON runs.id = run
WHERE observations.id BETWEEN ? AND ? AND {sense.OBSERVATION} ORDER BY observations.id
"""
ADD_SUM = """
INSERT INTO sums (hour, run, emotion, seconds, certain_seconds, episodes, faces) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hour, run, emotion) DO UPDATE SET seconds = seconds + excluded.seconds,
    certain_seconds = certain_seconds + excluded.certain_seconds, episodes = episodes + excluded.episodes,
    faces = faces + excluded.faces
"""


def count_old_rows(database: sqlite3.Connection) -> bool:
    """Count some of the rows of an older version; returns whether there were any."""
    left = database.execute("SELECT first_id, last_id FROM uncounted").fetchone()
    if not left:
        return False
    first, last = left
    end = min(first + ROWS - 1, last)
    with transaction(database):
        count_rows(database, first, end)
        if end == last:
            database.execute("DELETE FROM uncounted")
        else:
            database.execute("UPDATE uncounted SET first_id = ?", (end + 1,))
    return True


def count_rows(database: sqlite3.Connection, first: int, last: int, hours: Container[int] | None = None) -> None:
    """Add the rows from id `first` to `last` to the sums, those of certain `hours` only where these are given."""
    for span in spans(database):
        start = max(first, span.first_id)
        end = min(last, span.last_id)
        if start <= end:
            _count_span(database, start, end, span.shift_seconds, hours)


def _count_span(
    database: sqlite3.Connection,
    first: int,
    last: int,
    shift_seconds: float,
    hours: Container[int] | None,
) -> None:
    known: dict[int, tuple[Episodes, Sums]] = {}
    newest_episode = 0
    for id, run, utc, time_s, track, emotion, certain, seconds in database.execute(SELECT, (first - CONTEXT, last)):
        if run not in known:
            known[run] = Episodes(max(GAP_SECONDS, 3 * seconds)), Sums(seconds)
        episodes, sums = known[run]
        true_utc = shifted(utc, shift_seconds)
        observation = Observation(true_utc, time_s, track, (), 0.0, emotion, 0.0, bool(certain), {})
        comes = episodes.is_new(observation)
        episode = episodes.add(observation, id, newest_episode + 1)
        if id >= first:
            sums.add(observation, begins_episode=episode.id > newest_episode, begins_visit=comes)
        newest_episode = max(newest_episode, episode.id)
    for run, (_, sums) in known.items():
        rows = [row for row in sums.rows(run) if hours is None or row[0] in hours]
        database.executemany(ADD_SUM, rows)
