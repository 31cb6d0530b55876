"""What the file says of the run that goes on: begun, appended to, and resumed after an error."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from edge.events import sums
from edge.events.episodes import Episode, Episodes
from edge.events.rows import Entry, Incident, Observation
from edge.events.schema import (
    INSERT_INCIDENT,
    INSERT_LABEL,
    INSERT_OBSERVATION,
    INSERT_RUN,
    UPSERT_EPISODE,
    Ids,
    episode_values,
    newest_ids,
    observation_values,
    other_labels,
)
from edge.events.sums import Sums

MOVE_LAST_UTC = """
UPDATE runs SET last_utc = coalesce(strftime('%Y-%m-%dT%H:%M:%f+00:00', last_utc, ? || ' seconds'), last_utc)
WHERE id = ?
"""

News = tuple[str, str]
"""kind and details of an incident to be noted"""


@dataclass(frozen=True)
class Run:
    """A row of `runs`, but for its id, which the file gives."""

    started_utc: str
    source: str
    model: str
    interval_seconds: float
    device: str


@dataclass(frozen=True)
class OpenRun:
    """What the file says of the run that goes on; replaced as a whole once a transaction is committed."""

    run: Run
    id: int
    last_ids: Ids
    episodes: Episodes
    """that may still grow"""
    sums: Sums
    """of the last hours"""


def begin(database: sqlite3.Connection, run: Run, gap_seconds: float, news: Iterable[News]) -> OpenRun:
    """Add `run` to the file, with an incident for each of the `news`."""
    last_ids = newest_ids(database)
    times = (run.started_utc, run.started_utc)
    values = (*times, run.source, run.model, run.interval_seconds, last_ids.observation + 1, run.device)
    id = database.execute(INSERT_RUN, values).lastrowid or 0
    newest = _newest_utc(database)
    told = list(news)
    if run.started_utc < newest:
        told.append(("clock_behind", f"the run before had rows up to {newest}"))
    last_ids = _note(database, told, run.started_utc, id, last_ids)
    return OpenRun(run, id, last_ids, Episodes(gap_seconds), Sums(run.interval_seconds))


def resume(database: sqlite3.Connection, before: OpenRun, gap_seconds: float, news: Iterable[News]) -> OpenRun:
    """Undo a write that failed and yet reached the disk: its entries come again."""
    query = "SELECT started_utc, last_utc FROM runs WHERE id = ?"
    found = database.execute(query, (before.id,)).fetchone()
    if not found or found[0] != before.run.started_utc:
        return begin(database, before.run, gap_seconds, news)
    _undo_after(database, before)
    last_ids = _note(database, news, found[1], before.id, before.last_ids)
    return replace(before, last_ids=last_ids)


def _undo_after(database: sqlite3.Connection, before: OpenRun) -> None:
    jumps = "SELECT coalesce(sum(seconds), 0.0) FROM incidents WHERE run = ? AND id > ?"
    [seconds] = database.execute(jumps, (before.id, before.last_ids.incident)).fetchone()
    _move(database, before.id, -seconds)
    for table, last in before.last_ids.by_table():
        database.execute(f"DELETE FROM {table} WHERE run = ? AND id > ?", (before.id, last))
    _upsert(database, before.id, before.episodes.growing())
    before.sums.undo(database, before.id)


def append(database: sqlite3.Connection, before: OpenRun, entries: Sequence[Entry]) -> OpenRun:
    """Return the run as it is once this is committed."""
    ids = newest_ids(database)
    run = replace(before, episodes=before.episodes.copy(), sums=before.sums.copy())
    changed: dict[int, Episode] = {}
    rows = []
    for entry in entries:
        if isinstance(entry, Incident):
            ids = replace(ids, incident=ids.incident + 1)
            _insert_incident(database, entry, run.id, ids)
            run.sums.move(entry.seconds)
            continue
        ids = replace(ids, observation=ids.observation + 1)
        episode = _count(run, entry, ids)
        ids = replace(ids, episode=max(ids.episode, episode.id))
        changed[episode.id] = episode
        rows.append(observation_values(entry, ids.observation, run.id))
        run.episodes.forget_finished(entry.time_s)
    database.executemany(INSERT_OBSERVATION, rows)
    database.executemany(INSERT_LABEL, other_labels(entry for entry in entries if isinstance(entry, Observation)))
    _upsert(database, run.id, changed.values())
    run.sums.write_changed(database, run.id)
    return replace(run, last_ids=ids)


def _count(run: OpenRun, observation: Observation, ids: Ids) -> Episode:
    comes = run.episodes.is_new(observation)
    episode = run.episodes.add(observation, ids.observation, ids.episode + 1)
    run.sums.add(observation, begins_episode=episode.id > ids.episode, begins_visit=comes)
    return episode


def _insert_incident(database: sqlite3.Connection, incident: Incident, run: int, ids: Ids) -> None:
    times = (incident.kind, incident.utc, incident.end_utc)
    values = (
        ids.incident,
        run,
        ids.observation,
        *times,
        incident.seconds,
        incident.rows_lost,
        incident.details,
    )
    database.execute(INSERT_INCIDENT, values)
    _move(database, run, incident.seconds)


def _move(database: sqlite3.Connection, run: int, seconds: float) -> None:
    """Repair what stands for the run up to now: its clock jumped by `seconds`."""
    if seconds:
        database.execute(MOVE_LAST_UTC, (seconds, run))
        sums.move_hours(database, run, seconds)


def _note(database: sqlite3.Connection, news: Iterable[News], utc: str, run: int, ids: Ids) -> Ids:
    for kind, details in news:
        ids = replace(ids, incident=ids.incident + 1)
        _insert_incident(database, Incident(kind, utc, details), run, ids)  # type: ignore[arg-type]
    return ids


def left_of(database: sqlite3.Connection, before: OpenRun) -> OpenRun:
    """What the file still says of this run after a forget; an episode that lost rows does not go on."""
    episodes = before.episodes.copy()
    episodes.drop({episode.id for episode in episodes.growing() if not _stands(database, episode, before.id)})
    return replace(before, episodes=episodes, sums=sums.load(database, before.id, before.run.interval_seconds))


def _stands(database: sqlite3.Connection, episode: Episode, run: int) -> bool:
    query = "SELECT observations, last_observation FROM episodes WHERE id = ? AND run = ?"
    found = database.execute(query, (episode.id, run)).fetchone()
    return bool(found == (episode.observations, episode.last_observation))


def _upsert(database: sqlite3.Connection, run: int, episodes: Iterable[Episode]) -> None:
    database.executemany(UPSERT_EPISODE, [episode_values(episode, run) for episode in episodes])


def _newest_utc(database: sqlite3.Connection) -> str:
    row = database.execute("SELECT utc FROM observations ORDER BY id DESC LIMIT 1").fetchone()
    return str(row[0]) if row else ""
