"""The open file of one run. What is written together is there as a whole or not at all, also after a crash."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from edge.errors import LogError
from edge.events import forgotten, sums
from edge.events.connection import connect
from edge.events.damage import open_log
from edge.events.episodes import GAP_SECONDS, Episode, Episodes
from edge.events.files import PARTS, changed_parts, identity, put_away, set_aside
from edge.events.recount import count_old_rows
from edge.events.retention import Upkeep, expire
from edge.events.rows import Entry, Incident, Observation
from edge.events.schema import (
    INSERT_INCIDENT,
    INSERT_OBSERVATION,
    INSERT_RUN,
    UPSERT_EPISODE,
    Ids,
    episode_values,
    newest_ids,
    observation_values,
    transaction,
)
from edge.events.sums import Sums, Watch
from edge.settings import LogSettings

MOVE_LAST_UTC = """
UPDATE runs SET last_utc = coalesce(strftime('%Y-%m-%dT%H:%M:%f+00:00', last_utc, ? || ' seconds'), last_utc)
WHERE id = ?
"""


@dataclass(frozen=True)
class Run:
    """A row of `runs`, but for its id, which the file gives."""

    started_utc: str
    source: str
    model: str
    interval_seconds: float


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


class Store:
    """Raises sqlite3.Error, OSError or LogError wherever the file cannot be opened, read or written."""

    def __init__(self, path: Path, settings: LogSettings) -> None:
        self.path = path
        self._settings = settings
        self._gap_seconds = max(GAP_SECONDS, 3 * settings.interval_seconds)
        self._open_run: OpenRun | None = None
        self._news: list[tuple[str, str]] = []
        """kind and details of incidents to be noted in the next run"""
        self._database, aside = open_log(path)
        if aside:
            self._news.append(("file_set_aside", f"damaged, renamed to {aside.name}"))
        self._identity = identity(path)
        self._forgotten = forgotten.newest(self._database)

    @property
    def _run(self) -> OpenRun:
        if not self._open_run:
            raise LogError("no run has begun")
        return self._open_run

    def start_run(self, source: str, model: str, utc: str) -> None:
        """Rows from here on belong to a new run; after an error, to the one before."""
        run = Run(utc, source, model, self._settings.interval_seconds)
        with transaction(self._database):
            begun = self._begin(run)
        self._open_run = begun
        self._news = []
        self._identity = identity(self.path)

    def write(self, entries: Sequence[Entry]) -> int:
        """Append `entries` in their order; after an error nothing of them is in the file, and `reopen` must follow.

        What somebody wanted forgotten meanwhile is left out. Returns the number of observations written.
        """
        self.check_identity()
        with transaction(self._database):
            spans, newest = forgotten.since(self._database, self._forgotten)
            run = self._left_of(self._run) if spans else self._run
            kept = [entry for entry in entries if not forgotten.covers(spans, entry)]
            written = self._append(run, kept)
        self._open_run = written
        self._forgotten = newest
        return sum(isinstance(entry, Observation) for entry in kept)

    def upkeep(self, utc: str, watch: Watch, watching: bool, clock_doubt: Callable[[], str]) -> Upkeep:
        """Note that the run goes on, delete a little of what is too old or too much."""
        run = self._run
        if watching:
            self._database.execute("UPDATE runs SET last_utc = ? WHERE id = ?", (utc, run.id))
        with transaction(self._database):
            sums.write_watch(self._database, run.id, watch)
        if count_old_rows(self._database):
            return Upkeep(more=True)
        return expire(self._database, self._settings, utc, clock_doubt)

    def checkpoint(self) -> None:
        """Take over into the file itself what stands in its WAL, so that a copy of it alone is nearly complete."""
        self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def check_identity(self) -> None:
        """Raise LogError where somebody moved, removed or replaced the file or what belongs to it."""
        if changed := changed_parts(self.path, self._identity):
            raise LogError(f"{', '.join(self.path.name + part for part in changed)}: moved, removed or replaced")

    def reopen(self, damaged: bool) -> None:
        """Open the file anew after an error: as it is, or a fresh one where it is `damaged` or gone."""
        self._leave(damaged)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = connect(self.path)
        if self._open_run:
            with transaction(self._database):
                resumed = self._resume(self._open_run)
            self._open_run = resumed
            self._news = []
        self._identity = identity(self.path)

    def close(self) -> None:
        self._database.close()

    def _leave(self, damaged: bool) -> None:
        """Close the file, so that what lies in its place can be opened."""
        changed = changed_parts(self.path, self._identity)
        if changed and not damaged:
            self._tell("file_replaced", f"while running: {', '.join(self.path.name + part for part in changed)}")
            self._save_wal(changed)
        self._database.close()
        if damaged and self.path.exists():
            self._tell("file_set_aside", f"damaged, renamed to {set_aside(self.path).name}")
        self._identity = identity(self.path)

    def _save_wal(self, changed: list[str]) -> None:
        """Take what a WAL holds over into the file that it belongs to, wherever that is by now.

        SQLite goes by names: a WAL that does not belong to the file beside it would ruin that.
        """
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        put_away(self.path, changed if "" not in changed else [part for part in PARTS if part not in changed])

    def _tell(self, kind: str, details: str) -> None:
        if (kind, details) not in self._news:
            self._news.append((kind, details))

    def _begin(self, run: Run) -> OpenRun:
        last_ids = newest_ids(self._database)
        times = (run.started_utc, run.started_utc)
        values = (*times, run.source, run.model, run.interval_seconds, last_ids.observation + 1)
        id = self._database.execute(INSERT_RUN, values).lastrowid or 0
        newest = self._newest_utc()
        news = list(self._news)
        if run.started_utc < newest:
            news.append(("clock_behind", f"the run before had rows up to {newest}"))
        last_ids = self._note(news, run.started_utc, id, last_ids)
        return OpenRun(run, id, last_ids, Episodes(self._gap_seconds), Sums(run.interval_seconds))

    def _resume(self, before: OpenRun) -> OpenRun:
        """Undo a write that failed and yet reached the disk: its entries come again."""
        query = "SELECT started_utc, last_utc FROM runs WHERE id = ?"
        found = self._database.execute(query, (before.id,)).fetchone()
        if not found or found[0] != before.run.started_utc:
            return self._begin(before.run)
        self._undo_after(before)
        last_ids = self._note(self._news, found[1], before.id, before.last_ids)
        return replace(before, last_ids=last_ids)

    def _undo_after(self, before: OpenRun) -> None:
        jumps = "SELECT coalesce(sum(seconds), 0.0) FROM incidents WHERE run = ? AND id > ?"
        [seconds] = self._database.execute(jumps, (before.id, before.last_ids.incident)).fetchone()
        self._move(before.id, -seconds)
        for table, last in before.last_ids.by_table():
            self._database.execute(f"DELETE FROM {table} WHERE run = ? AND id > ?", (before.id, last))
        self._upsert(before.id, before.episodes.growing())
        before.sums.undo(self._database, before.id)

    def _append(self, before: OpenRun, entries: Sequence[Entry]) -> OpenRun:
        """Return the run as it is once this is committed."""
        ids = newest_ids(self._database)
        run = replace(before, episodes=before.episodes.copy(), sums=before.sums.copy())
        changed: dict[int, Episode] = {}
        rows = []
        for entry in entries:
            if isinstance(entry, Incident):
                ids = replace(ids, incident=ids.incident + 1)
                self._insert_incident(entry, run.id, ids)
                run.sums.move(entry.seconds)
                continue
            ids = replace(ids, observation=ids.observation + 1)
            episode = self._count(run, entry, ids)
            ids = replace(ids, episode=max(ids.episode, episode.id))
            changed[episode.id] = episode
            rows.append(observation_values(entry, ids.observation, run.id))
            run.episodes.forget_finished(entry.time_s)
        self._database.executemany(INSERT_OBSERVATION, rows)
        self._upsert(run.id, changed.values())
        run.sums.write_changed(self._database, run.id)
        return replace(run, last_ids=ids)

    def _count(self, run: OpenRun, observation: Observation, ids: Ids) -> Episode:
        comes = run.episodes.is_new(observation)
        episode = run.episodes.add(observation, ids.observation, ids.episode + 1)
        run.sums.add(observation, begins_episode=episode.id > ids.episode, begins_visit=comes)
        return episode

    def _insert_incident(self, incident: Incident, run: int, ids: Ids) -> None:
        times = (incident.kind, incident.utc, incident.end_utc)
        values = (ids.incident, run, ids.observation, *times, incident.seconds, incident.rows_lost, incident.details)
        self._database.execute(INSERT_INCIDENT, values)
        self._move(run, incident.seconds)

    def _move(self, run: int, seconds: float) -> None:
        """Repair what stands for the run up to now: its clock jumped by `seconds`."""
        if seconds:
            self._database.execute(MOVE_LAST_UTC, (seconds, run))
            sums.move_hours(self._database, run, seconds)

    def _note(self, news: Iterable[tuple[str, str]], utc: str, run: int, ids: Ids) -> Ids:
        for kind, details in news:
            ids = replace(ids, incident=ids.incident + 1)
            self._insert_incident(Incident(kind, utc, details), run, ids)  # type: ignore[arg-type]
        return ids

    def _left_of(self, before: OpenRun) -> OpenRun:
        """What the file still says of this run after a forget; an episode that lost rows does not go on."""
        episodes = before.episodes.copy()
        episodes.drop({episode.id for episode in episodes.growing() if not self._stands(episode, before.id)})
        return replace(
            before, episodes=episodes, sums=sums.load(self._database, before.id, before.run.interval_seconds)
        )

    def _stands(self, episode: Episode, run: int) -> bool:
        query = "SELECT observations, last_observation FROM episodes WHERE id = ? AND run = ?"
        found = self._database.execute(query, (episode.id, run)).fetchone()
        return bool(found == (episode.observations, episode.last_observation))

    def _upsert(self, run: int, episodes: Iterable[Episode]) -> None:
        self._database.executemany(UPSERT_EPISODE, [episode_values(episode, run) for episode in episodes])

    def _newest_utc(self) -> str:
        row = self._database.execute("SELECT utc FROM observations ORDER BY id DESC LIMIT 1").fetchone()
        return str(row[0]) if row else ""
