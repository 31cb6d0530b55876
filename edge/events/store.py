"""The log's file while it is open: writing to it, and opening it again after an error.

What is written together is there as a whole or not at all, also after a crash.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from edge.errors import LogError
from edge.events import forgotten, open_run, sums
from edge.events.connection import connect
from edge.events.damage import open_log
from edge.events.episodes import GAP_SECONDS
from edge.events.files import PARTS, changed_parts, identity, put_away, set_aside
from edge.events.open_run import News, OpenRun, Run
from edge.events.recount import count_old_rows
from edge.events.retention import Upkeep, expire
from edge.events.rows import Entry, Observation
from edge.events.schema import transaction
from edge.events.sums import Watch
from edge.settings import LogSettings


class Store:
    """Raises sqlite3.Error, OSError or LogError wherever the file cannot be opened, read or written."""

    def __init__(self, path: Path, settings: LogSettings, device: str = "") -> None:
        self.path = path
        self._settings = settings
        self._device = device
        self._gap_seconds = max(GAP_SECONDS, 3 * settings.interval_seconds)
        self._open_run: OpenRun | None = None
        self._news: list[News] = []
        """kind and details of incidents to be noted in the next run"""
        self._database, aside = open_log(path)
        if aside:
            self._news.append(("file_set_aside", f"damaged, renamed to {aside.name}"))
        self._identity = identity(path)
        self._forgotten = forgotten.newest(self._database)

    @property
    def _run(self) -> OpenRun:
        if not self._open_run:
            raise LogError("no run has begun", "call start_run first")
        return self._open_run

    def start_run(self, source: str, model: str, utc: str) -> None:
        """Rows from here on belong to a new run; after an error, to the one before."""
        run = Run(utc, source, model, self._settings.interval_seconds, self._device)
        with transaction(self._database):
            begun = open_run.begin(self._database, run, self._gap_seconds, self._news)
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
            run = open_run.left_of(self._database, self._run) if spans else self._run
            kept = [entry for entry in entries if not forgotten.covers(spans, entry)]
            written = open_run.append(self._database, run, kept)
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
            raise LogError(
                f"{', '.join(self.path.name + part for part in changed)}: moved, removed or replaced",
                "a new file is begun",
            )

    def reopen(self, damaged: bool) -> None:
        """Open the file anew after an error: as it is, or a fresh one where it is `damaged` or gone."""
        self._leave(damaged)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = connect(self.path)
        if self._open_run:
            with transaction(self._database):
                resumed = open_run.resume(self._database, self._open_run, self._gap_seconds, self._news)
            self._open_run = resumed
            self._news = []
        self._identity = identity(self.path)

    def close(self) -> None:
        self._database.close()

    def _leave(self, damaged: bool) -> None:
        """Close the file, so that what lies in its place can be opened."""
        changed = changed_parts(self.path, self._identity)
        if changed and not damaged:
            self._tell(
                "file_replaced",
                f"while running: {', '.join(self.path.name + part for part in changed)}",
            )
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
        put_away(
            self.path,
            changed if "" not in changed else [part for part in PARTS if part not in changed],
        )

    def _tell(self, kind: str, details: str) -> None:
        if (kind, details) not in self._news:
            self._news.append((kind, details))
