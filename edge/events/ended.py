"""Which episodes have ended, in the order of their ends: for those who send them on, and must miss none.

An episode's last observation is its place in that order, since it grows no more. One that has not ended holds back
those that ended after its last observation; five seconds later it has ended too, or its last observation is a new one.
"""

import heapq
import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.events import episode_rows
from edge.events.episodes import GAP_SECONDS
from edge.events.records import EpisodeRow
from edge.events.scan import LAST_ID, Scanner
from edge.events.spans import Span

NEWEST_OBSERVATION = "SELECT id, run, time_s FROM observations ORDER BY id DESC LIMIT 1"
NEWEST_RUN = "SELECT id, interval_seconds FROM runs ORDER BY id DESC LIMIT 1"
FIRST_EPISODE = "SELECT min(id) FROM episodes"
MOST_REMEMBERED = 1000  # ids; far more than faces that are seen at once


@dataclass(frozen=True)
class Mark:
    """How far episodes were sent on."""

    observation: int = 0
    """the last one of the episode that was sent last"""
    episode: int = 0
    """id of the oldest that was not sent yet, or does not exist yet; 0: nobody has looked"""
    sent: tuple[int, ...] = ()
    """ids behind that one that were sent already"""

    def after(self, row: EpisodeRow) -> "Mark":
        """The mark once `row` was sent as well."""
        return replace(self, observation=row.last_observation, sent=(*self.sent, row.id)[-MOST_REMEMBERED:])


@dataclass(frozen=True)
class Backlog:
    """What is behind a mark."""

    ended: list[EpisodeRow]
    """in the order in which they are to be sent"""
    growing: list[EpisodeRow]
    deleted: int
    """episodes that were deleted before they were sent"""
    mark: Mark
    """the mark, brought up to date"""


def look(scanner: Scanner, spans: Sequence[Span], mark: Mark, limit: int, quiet: bool) -> Backlog:
    """The first `limit` episodes behind `mark`; `quiet` says that nothing grows any more, for who writes is silent."""
    mark, deleted = _past_deleted(scanner.database, mark)
    rows, mark = _unsent(scanner, mark, limit)
    growth = _Growing(scanner.database, quiet)
    rows = [episode_rows.with_true_times(row, spans) for row in rows]
    ended = list(itertools.takewhile(growth.has_ended, rows))
    growing = [row for row in rows if not growth.has_ended(row)]
    return Backlog(ended, growing, deleted, mark)


class _Growing:
    """Tells which episodes the writer may still add to, by its own rule (`Episodes.forget_finished`)."""

    def __init__(self, database: sqlite3.Connection, quiet: bool) -> None:
        observation = database.execute(NEWEST_OBSERVATION).fetchone()
        run = database.execute(NEWEST_RUN).fetchone()
        self._nothing = quiet or observation is None or run is None
        if not self._nothing:
            self._time_s = observation[2]
            self._run = run[0]
            self._gap_seconds = max(GAP_SECONDS, 3 * run[1])

    def has_ended(self, row: EpisodeRow) -> bool:
        return self._nothing or row.run != self._run or not 0 <= self._time_s - row.end_s <= self._gap_seconds


def _past_deleted(database: sqlite3.Connection, mark: Mark) -> tuple[Mark, int]:
    """Move `mark` to the first episode that there still is; how many before it were never sent."""
    [first] = database.execute(FIRST_EPISODE).fetchone()
    if first is None or first <= mark.episode:
        return mark, 0
    if not mark.episode:
        return replace(mark, episode=first), 0
    sent = sum(mark.episode <= id < first for id in mark.sent)
    return replace(mark, episode=first), first - mark.episode - sent


def _unsent(scanner: Scanner, mark: Mark, limit: int) -> tuple[list[EpisodeRow], Mark]:
    """The `limit` unsent rows that end first; the mark then stands at the oldest of all unsent ones.

    An episode ends after it begins, and rows stand in the order of beginnings: so the search may stop early.
    """
    found: list[tuple[int, int, EpisodeRow]] = []
    """negative place in the order of ends, so that the last one of them is the first of the heap"""
    oldest = 0
    sent = []
    newest = mark.episode - 1
    for row in episode_rows.between(scanner, mark.episode, LAST_ID):
        newest = row.id
        if row.last_observation <= mark.observation:
            sent.append(row.id)
            continue
        oldest = oldest or row.id
        if len(found) == limit and row.first_observation > -found[0][0]:
            break
        heapq.heappush(found, (-row.last_observation, row.id, row))
        if len(found) > limit:
            heapq.heappop(found)
    oldest = oldest or newest + 1
    kept = tuple(id for id in sent if id > oldest)[-MOST_REMEMBERED:]
    return [row for _, _, row in sorted(found, reverse=True)], replace(mark, episode=oldest, sent=kept)
