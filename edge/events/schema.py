"""How the log's file looks: its tables, and how rows of them are written.

A model may have other labels than the shipped one's seven. What has no column stands in `other_probabilities`, and its
label in `labels`. A table of probabilities would have seven times the rows; JSON alone would take 217 bytes a row in
the place of 168 and break everybody's `SELECT avg(happy)`; so, a log of the shipped model takes 170. A log that lacks
column and table, of whatever version, gets them when it is opened.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from edge.contract import LABELS
from edge.events.episodes import Episode
from edge.events.rows import Observation

SCHEMA_VERSION = 4
OTHERS = "other_probabilities"

SCHEMA = f"""
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started_utc TEXT NOT NULL,   -- ISO 8601
    last_utc TEXT NOT NULL,      -- the daemon still ran then: noted every five minutes, and when it stops
    source TEXT NOT NULL,        -- camera, file or folder
    model TEXT NOT NULL,         -- name, version and the start of the file's sha256
    interval_seconds REAL NOT NULL,  -- between two observations of one face
    first_observation INTEGER NOT NULL, -- id that its first observation has or would have
    device TEXT NOT NULL DEFAULT ''     -- what the settings call it, else the host name; empty: an older version's run
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
    {", ".join(f"{label} REAL" for label in LABELS)},  -- NULL where the model has no such label
    other_probabilities TEXT     -- JSON by label, of those that have no column
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
    kind TEXT NOT NULL,            -- clock_jump, clock_behind, rows_lost, file_set_aside, file_replaced,
                                   -- deletion_refused, forgotten
    utc TEXT NOT NULL, end_utc TEXT,
    seconds REAL NOT NULL,         -- added to the clock: add it to the run's earlier times to repair them
    rows_lost INTEGER NOT NULL,
    details TEXT NOT NULL
);
"""
SCHEMA_OF_LABELS = """
CREATE TABLE labels (              -- beside the seven; an emotion that stands nowhere was made by a damaged byte
    label TEXT PRIMARY KEY
) WITHOUT ROWID;
"""
SCHEMA_OF_SUMS = """
CREATE TABLE sums (
    hour INTEGER NOT NULL,         -- since 1970, UTC; those before a clock jump are moved by whole hours
    run INTEGER NOT NULL,          -- whose row may be deleted long since
    emotion TEXT NOT NULL,
    seconds REAL NOT NULL, certain_seconds REAL NOT NULL,  -- of face time
    episodes INTEGER NOT NULL,     -- begun
    faces INTEGER NOT NULL,        -- that came, showing this emotion first
    PRIMARY KEY (hour, run, emotion)
) WITHOUT ROWID;
CREATE TABLE watch (
    hour INTEGER NOT NULL, run INTEGER NOT NULL,
    watched_seconds REAL NOT NULL, paused_seconds REAL NOT NULL,
    PRIMARY KEY (hour, run)
) WITHOUT ROWID;
CREATE TABLE uncounted (           -- observations of an older version that `sums` does not hold yet: one row, or none
    first_id INTEGER NOT NULL, last_id INTEGER NOT NULL
);
"""
OBSERVATION_COLUMNS = (
    "id, run, utc, time_s, track, x, y, width, height, detection_score, emotion, score, certain, "
    + ", ".join((*LABELS, OTHERS))
)
MAX_ID = 2**48  # what is larger was made by a damaged byte
NEWEST_INCIDENT = "SELECT observation FROM incidents ORDER BY id DESC LIMIT 1"
NEWEST_RUN = "SELECT first_observation - 1 FROM runs ORDER BY id DESC LIMIT 1"
EPISODE_COLUMNS = (
    "id, run, track, emotion, start_utc, end_utc, start_s, end_s, observations, mean_score, peak_score, certain_share, "
    "first_observation, last_observation"
)
INSERT_OBSERVATION = f"INSERT INTO observations ({OBSERVATION_COLUMNS}) VALUES ({', '.join('?' * 21)})"
INSERT_LABEL = "INSERT OR IGNORE INTO labels (label) VALUES (?)"
INSERT_RUN = """
INSERT INTO runs (started_utc, last_utc, source, model, interval_seconds, first_observation, device)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
INSERT_INCIDENT = """
INSERT INTO incidents (id, run, observation, kind, utc, end_utc, seconds, rows_lost, details)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
UPSERT_EPISODE = f"""
INSERT INTO episodes ({EPISODE_COLUMNS}) VALUES ({", ".join("?" * 14)}) ON CONFLICT (id) DO UPDATE SET
    end_utc = excluded.end_utc, end_s = excluded.end_s, observations = excluded.observations,
    mean_score = excluded.mean_score, peak_score = excluded.peak_score, certain_share = excluded.certain_share,
    last_observation = excluded.last_observation
"""


@dataclass(frozen=True)
class Ids:
    """The newest ids of three tables."""

    observation: int
    episode: int
    incident: int

    def by_table(self) -> tuple[tuple[str, int], ...]:
        return (
            ("observations", self.observation),
            ("episodes", self.episode),
            ("incidents", self.incident),
        )


def newest_ids(database: sqlite3.Connection) -> Ids:
    """An observation's id counts also after it was forgotten: no id is given twice."""
    observation = _newest(database, "observations")
    for query in (NEWEST_INCIDENT, NEWEST_RUN):
        found = database.execute(query).fetchone()
        if found and isinstance(found[0], int) and found[0] < MAX_ID:
            observation = max(observation, found[0])
    return Ids(observation, _newest(database, "episodes"), _newest(database, "incidents"))


def _newest(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])


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
    columns = [row.probabilities.get(label) for label in LABELS]
    others = {label: share for label, share in row.probabilities.items() if label not in LABELS}
    text = json.dumps(others, separators=(",", ":")) if others else None
    return (id, run, row.utc, row.time_s, row.track, *row.box_xywh, *scores, *columns, text)


def other_labels(observations: Iterable[Observation]) -> list[tuple[str]]:
    """Rows of the table `labels`."""
    found = {label for row in observations for label in row.probabilities if label not in LABELS}
    return [(label,) for label in sorted(found)]


def episode_values(episode: Episode, run: int) -> tuple[object, ...]:
    row = episode
    count = episode.observations
    times = (row.start_utc, row.end_utc, row.start_s, row.end_s)
    scores = (round(row.score_sum / count, 4), row.peak_score, round(row.certain / count, 4))
    return (
        row.id,
        run,
        row.track,
        row.emotion,
        *times,
        count,
        *scores,
        row.first_observation,
        row.last_observation,
    )


def missing_columns(database: sqlite3.Connection) -> set[str]:
    """Columns that a log has, as "table.column", and `database` has not."""
    query = "SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c"
    with closing(sqlite3.connect(":memory:")) as fresh:
        create(fresh)
        expected = {str(name) for (name,) in fresh.execute(query)}
        found = {str(name) for (name,) in database.execute(query)}
        return expected - found


def create(database: sqlite3.Connection) -> None:
    for statements in (SCHEMA, SCHEMA_OF_LABELS, SCHEMA_OF_SUMS):
        execute_all(database, statements)


def execute_all(database: sqlite3.Connection, statements: str) -> None:
    """Unlike `executescript`, within the transaction that is open."""
    for statement in statements.split(";\n"):
        database.execute(statement)


def pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
