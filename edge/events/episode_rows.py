"""Read episodes: they stand in the order of their beginnings, and the time they last is looked for among them."""

import sqlite3
from collections.abc import Iterator, Sequence

from edge.events import sense
from edge.events.history import shift_at, shifted
from edge.events.records import EpisodeRow
from edge.events.scan import LAST_ID, Scanner
from edge.events.schema import EPISODE_COLUMNS
from edge.events.spans import Span

LOOK_BACK = 10_000  # episodes before those that begin in the time asked for: one of them may last until then

SELECT = f"SELECT id, {sense.EPISODE}, {EPISODE_COLUMNS} FROM episodes WHERE id BETWEEN :first AND :last ORDER BY id"
FIRST_OBSERVATION = "SELECT first_observation FROM episodes WHERE id >= ? ORDER BY id LIMIT 1"


def between(scanner: Scanner, first: int, last: int) -> Iterator[EpisodeRow]:
    """Those with ids from `first` to `last`, with their times as they were written."""
    for values in scanner.rows(SELECT, first, last):
        yield EpisodeRow(*values)


def from_observation(
    scanner: Scanner, spans: Sequence[Span], first_observations: Sequence[int]
) -> Iterator[EpisodeRow]:
    """With true times: all that last until the time asked for begins, or longer, and some before them.

    `first_observations` is where that time begins in each span; empty for all episodes.
    """
    for row in between(scanner, _first(scanner, spans, first_observations), LAST_ID):
        yield with_true_times(row, spans)


def with_true_times(row: EpisodeRow, spans: Sequence[Span]) -> EpisodeRow:
    start_utc = shifted(row.start_utc, shift_at(row.first_observation, spans))
    end_utc = shifted(row.end_utc, shift_at(row.last_observation, spans))
    return row._replace(start_utc=start_utc, end_utc=end_utc)


def _first(scanner: Scanner, spans: Sequence[Span], first_observations: Sequence[int]) -> int:
    """The id from which to look."""
    if not first_observations:
        return 1
    inside = [first for first, span in zip(first_observations, spans, strict=True) if first <= span.last_id]
    try:
        return max(1, _bisect(scanner.database, min(inside, default=LAST_ID)) - LOOK_BACK)
    except sqlite3.DatabaseError as error:
        scanner.problems.note(error)
        return 1


def _bisect(database: sqlite3.Connection, observation: int) -> int:
    """The first id of an episode that begins with `observation` or later."""
    low = 1
    high = database.execute("SELECT coalesce(max(id), 1) FROM episodes").fetchone()[0]
    while low < high:
        middle = (low + high) // 2
        found = database.execute(FIRST_OBSERVATION, (middle,)).fetchone()
        if found and isinstance(found[0], int) and found[0] < observation:
            low = middle + 1
        else:
            high = middle
    return int(low)
