"""The open file of one run. What is written together is there as a whole or not at all, also after a crash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import LogError
from edge.events.damage import open_log, set_aside
from edge.events.episodes import GAP_SECONDS, Episode, Episodes
from edge.events.retention import expire
from edge.events.rows import Entry, Incident
from edge.events.schema import (
    INSERT_OBSERVATION,
    UPSERT_EPISODE,
    connect,
    episode_values,
    observation_values,
    transaction,
)

MOVE_LAST_UTC = """
UPDATE runs SET last_utc = coalesce(strftime('%Y-%m-%dT%H:%M:%f+00:00', last_utc, ? || ' seconds'), last_utc) WHERE id = ?
"""
TABLES = ("observations", "episodes", "incidents")
Ids = tuple[int, int, int]
"""the newest id of each of `TABLES`"""


@dataclass(frozen=True)
class Run:
    """A row of `runs`, but for its id, which the file gives."""

    started_utc: str
    source: str
    model: str
    interval_seconds: float


class Store:
    """Raises sqlite3.Error, OSError or LogError wherever the file cannot be opened, read or written."""

    def __init__(self, path: Path, interval_seconds: float) -> None:
        self.path, self._interval_seconds = path, interval_seconds
        self._gap_seconds = max(GAP_SECONDS, 3 * interval_seconds)
        self._run: Run | None = None
        self._database, self._set_aside = open_log(path)
        self._identity = _identity(path)

    def start_run(self, source: str, model: str, utc: str) -> None:
        """Rows from here on belong to a new run; after an error, to the one before."""
        before = vars(self).copy()
        try:
            with transaction(self._database):
                self._begin(Run(utc, source, model, self._interval_seconds))
        except BaseException:
            vars(self).update(before)
            raise

    def write(self, entries: Sequence[Entry]) -> None:
        """Append `entries` in their order; after an error nothing of them is in the file, and `reopen` must follow."""
        if _identity(self.path) != self._identity:
            raise LogError("the file was moved or removed")
        with transaction(self._database):
            last_ids, episodes = self._append(entries)
        self._last_ids, self._episodes = last_ids, episodes

    def upkeep(self, utc: str, keep_days: float, max_megabytes: float) -> bool:
        """Note that the run goes on, delete a little of what is too old; returns whether more must be deleted."""
        self._database.execute("UPDATE runs SET last_utc = ? WHERE id = ?", (utc, self._run_id))
        return expire(self._database, keep_days, max_megabytes, utc)

    def reopen(self, damaged: bool) -> None:
        """Open the file anew after an error: as it is, or a fresh one where it is `damaged` or gone."""
        self._database.close()
        if damaged and self.path.exists():
            self._set_aside = set_aside(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = connect(self.path)
        self._identity = _identity(self.path)
        if self._run:
            with transaction(self._database):
                self._resume(self._run)

    def close(self) -> None:
        self._database.close()

    def _begin(self, run: Run) -> None:
        self._last_ids = self._newest_ids()
        times = (run.started_utc, run.started_utc)
        values = (*times, run.source, run.model, run.interval_seconds, self._last_ids[0] + 1)
        cursor = self._database.execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?)", values)
        self._run, self._run_id = run, cursor.lastrowid or 0
        self._episodes = Episodes(self._gap_seconds)
        self._note_what_came_before(run.started_utc)

    def _resume(self, run: Run) -> None:
        """Undo a write that failed and yet reached the disk: its entries come again."""
        found = self._database.execute("SELECT started_utc FROM runs WHERE id = ?", (self._run_id,)).fetchone()
        if found != (run.started_utc,):
            self._begin(run)
            return
        for table, last in zip(TABLES, self._last_ids, strict=True):
            self._database.execute(f"DELETE FROM {table} WHERE run = ? AND id > ?", (self._run_id, last))
        self._upsert(self._episodes.growing())

    def _append(self, entries: Sequence[Entry]) -> tuple[Ids, Episodes]:
        """Return the newest ids and the growing episodes as they are once this is committed."""
        observation_id, episode_id, incident_id = self._newest_ids()
        episodes, changed, rows = self._episodes.copy(), {}, []
        for entry in entries:
            if isinstance(entry, Incident):
                incident_id += 1
                self._insert_incident(entry, incident_id, observation_id)
                continue
            observation_id += 1
            episode = episodes.add(entry, observation_id, episode_id + 1)
            episode_id = max(episode_id, episode.id)
            changed[episode.id] = episode
            rows.append(observation_values(entry, observation_id, self._run_id))
            episodes.forget_finished(entry.time_s)
        self._database.executemany(INSERT_OBSERVATION, rows)
        self._upsert(changed.values())
        return (observation_id, episode_id, incident_id), episodes

    def _insert_incident(self, incident: Incident, id: int, observation_id: int) -> None:
        times = (incident.kind, incident.utc, incident.end_utc)
        values = (id, self._run_id, observation_id, *times, incident.seconds, incident.rows_lost, incident.details)
        self._database.execute("INSERT INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        if incident.seconds:
            self._database.execute(MOVE_LAST_UTC, (incident.seconds, self._run_id))

    def _upsert(self, episodes: Iterable[Episode]) -> None:
        self._database.executemany(UPSERT_EPISODE, [episode_values(episode, self._run_id) for episode in episodes])

    def _note_what_came_before(self, utc: str) -> None:
        observation_id, _, incident_id = self._last_ids
        incidents = []
        if self._set_aside:
            incidents.append(Incident("file_set_aside", utc, f"damaged, renamed to {self._set_aside.name}"))
        newest = self._newest_utc()
        if utc < newest:
            incidents.append(Incident("clock_behind", utc, f"the run before had rows up to {newest}"))
        for incident in incidents:
            incident_id += 1
            self._insert_incident(incident, incident_id, observation_id)
        self._last_ids, self._set_aside = (*self._last_ids[:2], incident_id), None

    def _newest_ids(self) -> Ids:
        observation, episode, incident = (
            int(self._database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]) for table in TABLES
        )
        return observation, episode, incident

    def _newest_utc(self) -> str:
        row = self._database.execute("SELECT utc FROM observations ORDER BY id DESC LIMIT 1").fetchone()
        return str(row[0]) if row else ""


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file of the machine this is, whatever its name; None where there is none."""
    if not path.exists():
        return None
    status = path.stat()
    return status.st_dev, status.st_ino
