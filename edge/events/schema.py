"""How the log's file looks, and how a file of an older version becomes one of today's."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from edge.contract import LABELS
from edge.errors import LogError
from edge.events.episodes import GAP_SECONDS, Episode, Episodes
from edge.events.rows import Observation

SCHEMA_VERSION = 2
BUSY_SECONDS = 1.0  # another program may write for so long; then the rows wait in memory
WAL_BYTES = 4_096_000  # 1000 pages, SQLite's own checkpoint; a WAL that grew larger under a long export shrinks again
AUTO_VACUUM_INCREMENTAL = 2  # https://sqlite.org/pragma.html#pragma_auto_vacuum

SCHEMA = f"""
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started_utc TEXT NOT NULL,   -- ISO 8601
    last_utc TEXT NOT NULL,      -- the daemon still ran then: noted every five minutes, and when it stops
    source TEXT NOT NULL,        -- camera, file or folder
    model TEXT NOT NULL,         -- name, version and the start of the file's sha256
    interval_seconds REAL NOT NULL,  -- between two observations of one face
    first_observation INTEGER NOT NULL  -- id that its first observation has or would have
);
CREATE TABLE observations (
    id INTEGER PRIMARY KEY,      -- in the order of events, whatever the clock says
    run INTEGER NOT NULL REFERENCES runs (id),
    utc TEXT NOT NULL,           -- ISO 8601, milliseconds
    time_s REAL NOT NULL,        -- seconds since the run's source began, which no clock changes
    track INTEGER NOT NULL,      -- one face within one run
    x REAL, y REAL, width REAL, height REAL,  -- pixels of the frame
    detection_score REAL NOT NULL,
    emotion TEXT NOT NULL,
    score REAL NOT NULL,         -- probability of emotion, 0 to 1
    certain INTEGER NOT NULL,    -- 1 where score reaches the model's threshold
    {", ".join(f"{label} REAL NOT NULL" for label in LABELS)}
);
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    track INTEGER NOT NULL,
    emotion TEXT NOT NULL,
    start_utc TEXT NOT NULL, end_utc TEXT NOT NULL,  -- of its first and last observation
    start_s REAL NOT NULL, end_s REAL NOT NULL,      -- time_s of both
    observations INTEGER NOT NULL,
    mean_score REAL NOT NULL, peak_score REAL NOT NULL,
    certain_share REAL NOT NULL,                     -- of its observations, 0 to 1
    first_observation INTEGER NOT NULL, last_observation INTEGER NOT NULL
);
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    observation INTEGER NOT NULL,  -- id of the last observation before it, 0 for none
    kind TEXT NOT NULL,            -- clock_jump, clock_behind, rows_lost, file_set_aside
    utc TEXT NOT NULL, end_utc TEXT,
    seconds REAL NOT NULL,         -- added to the clock: add it to the run's earlier times to repair them
    rows_lost INTEGER NOT NULL,
    details TEXT NOT NULL
);
"""
OBSERVATION_COLUMNS = (
    "id, run, utc, time_s, track, x, y, width, height, detection_score, emotion, score, certain, " + ", ".join(LABELS)
)
INSERT_OBSERVATION = f"INSERT INTO observations ({OBSERVATION_COLUMNS}) VALUES ({', '.join('?' * 20)})"
UPSERT_EPISODE = """
INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    end_utc = excluded.end_utc, end_s = excluded.end_s, observations = excluded.observations,
    mean_score = excluded.mean_score, peak_score = excluded.peak_score, certain_share = excluded.certain_share,
    last_observation = excluded.last_observation
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open or make the log `path`, in today's version; raises sqlite3.Error, or LogError where it is no log of ours."""
    database = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    database.text_factory = lambda text: text.decode(errors="replace")  # a flipped bit in a word stops nothing
    try:
        version = _version(database, path)
        if version == 0:
            database.execute(f"PRAGMA auto_vacuum = {AUTO_VACUUM_INCREMENTAL}")  # heeded before the first page
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # no fsync a commit: kind to SD cards, and WAL stays whole
        database.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
        _bring_up_to_date(database, version)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def observation_values(observation: Observation, id: int, run: int) -> tuple[object, ...]:
    row = observation
    scores = (row.detection_score, row.emotion, row.score, int(row.certain))
    return (id, run, row.utc, row.time_s, row.track, *row.box_xywh, *scores, *row.probabilities)


def episode_values(episode: Episode, run: int) -> tuple[object, ...]:
    row, count = episode, episode.observations
    times = (row.start_utc, row.end_utc, row.start_s, row.end_s)
    scores = (round(row.score_sum / count, 4), row.peak_score, round(row.certain / count, 4))
    return (row.id, run, row.track, row.emotion, *times, count, *scores, row.first_observation, row.last_observation)


def _version(database: sqlite3.Connection, path: Path) -> int:
    """The version of a log, 0 for a new file; raises LogError for what is neither."""
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise LogError(
            f"{path}: written by a newer version (log version {version}, expected at most {SCHEMA_VERSION}); "
            "install that one, or set another log.path"
        )
    if version == 0 and database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise LogError(f"{path}: another program's database, expected an event log; set another log.path")
    return version


def _bring_up_to_date(database: sqlite3.Connection, version: int) -> None:
    if version < SCHEMA_VERSION:
        with transaction(database):
            _create(database) if version == 0 else _migrate_from_1(database)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if database.execute("PRAGMA auto_vacuum").fetchone()[0] != AUTO_VACUUM_INCREMENTAL:
        database.execute(f"PRAGMA auto_vacuum = {AUTO_VACUUM_INCREMENTAL}")
        database.execute("VACUUM")  # the way for a file that has tables


def missing_columns(database: sqlite3.Connection) -> set[str]:
    """Columns that a log has, as "table.column", and `database` has not."""
    query = "SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c"
    with closing(sqlite3.connect(":memory:")) as fresh:
        _create(fresh)
        expected, found = ({str(name) for (name,) in log.execute(query)} for log in (fresh, database))
        return expected - found


def _create(database: sqlite3.Connection) -> None:
    for statement in SCHEMA.split(";\n"):
        database.execute(statement)


def _migrate_from_1(database: sqlite3.Connection) -> None:
    """Version 1 knew neither time_s, which its times give, nor episodes, which its observations give."""
    database.execute("DROP INDEX observations_utc")
    for table in ("runs", "observations"):
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    _create(database)
    database.execute(
        "INSERT INTO runs SELECT id, started_utc, "
        "coalesce((SELECT max(utc) FROM observations_1 WHERE run = runs_1.id), started_utc), source, model, 1.0, "
        "1 + coalesce((SELECT max(id) FROM observations_1 WHERE run < runs_1.id), 0) FROM runs_1"
    )
    database.execute(
        "INSERT INTO observations SELECT o.id, run, utc, "
        "coalesce(round((julianday(utc) - julianday(started_utc)) * 86400, 3), 0), track, x, y, width, height, "
        f"detection_score, emotion, score, certain, {', '.join(LABELS)} "
        "FROM observations_1 AS o LEFT JOIN runs_1 ON runs_1.id = run ORDER BY o.id"
    )
    for table in ("observations_1", "runs_1"):
        database.execute(f"DROP TABLE {table}")
    _derive_episodes(database)


def _derive_episodes(database: sqlite3.Connection) -> None:
    run, last, episodes = 0, 0, Episodes(GAP_SECONDS)
    for row in database.execute(
        "SELECT id, run, utc, time_s, track, emotion, score, certain FROM observations ORDER BY id"
    ):
        if row[1] != run:
            run, episodes = row[1], Episodes(GAP_SECONDS)
        observation = Observation(row[2], row[3], row[4], (), 0.0, row[5], row[6], bool(row[7]), ())
        episode = episodes.add(observation, row[0], last + 1)
        last = max(last, episode.id)
        database.execute(UPSERT_EPISODE, episode_values(episode, run))
