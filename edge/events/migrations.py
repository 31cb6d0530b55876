"""Bring a log of an older version up to date, with all that it holds."""

import sqlite3

from edge.contract import LABELS
from edge.events.episodes import GAP_SECONDS, Episodes
from edge.events.rows import Observation
from edge.events.schema import (
    OBSERVATION_COLUMNS,
    OTHERS,
    SCHEMA_OF_LABELS,
    SCHEMA_OF_SUMS,
    SCHEMA_VERSION,
    UPSERT_EPISODE,
    create,
    episode_values,
    execute_all,
    missing_columns,
    pragma,
    transaction,
)

AUTO_VACUUM_INCREMENTAL = 2  # https://sqlite.org/pragma.html#pragma_auto_vacuum


def bring_up_to_date(database: sqlite3.Connection, version: int) -> None:
    """Make tables in a new file, or change those of an older `version`; whole or not at all."""
    if version < SCHEMA_VERSION:
        with transaction(database):
            if version == 0:
                create(database)
            if version == 1:
                _migrate_from_1(database)
            if version == 2:
                _migrate_from_2(database)
            if version in (2, 3):
                database.execute("ALTER TABLE runs ADD COLUMN device TEXT NOT NULL DEFAULT ''")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    if f"observations.{OTHERS}" in missing_columns(database):
        with transaction(database):
            _make_room_for_other_labels(database)
    if pragma(database, "auto_vacuum") != AUTO_VACUUM_INCREMENTAL:
        database.execute(f"PRAGMA auto_vacuum = {AUTO_VACUUM_INCREMENTAL}")
        database.execute("VACUUM")  # the way for a file that has tables


def _make_room_for_other_labels(database: sqlite3.Connection) -> None:
    """Years of rows stay where they are: only the table's description changes.

    As https://sqlite.org/lang_altertable.html#otheralter says of taking NOT NULL away.
    """
    version = pragma(database, "schema_version")
    database.execute("PRAGMA writable_schema = ON")
    for label in LABELS:
        database.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'observations'",
            (f"{label} REAL NOT NULL", f"{label} REAL"),
        )
    database.execute(f"PRAGMA schema_version = {version + 1}")
    database.execute("PRAGMA writable_schema = OFF")
    database.execute(f"ALTER TABLE observations ADD COLUMN {OTHERS} TEXT")
    execute_all(database, SCHEMA_OF_LABELS)


def _migrate_from_2(database: sqlite3.Connection) -> None:
    """Version 2 had no sums. Months of rows are counted later, a little at a time: a start must not wait for that."""
    execute_all(database, SCHEMA_OF_SUMS)
    _leave_for_later(database)


def _leave_for_later(database: sqlite3.Connection) -> None:
    database.execute(
        "INSERT INTO uncounted (first_id, last_id) SELECT min(id), max(id) FROM observations HAVING count(*)"
    )


def _migrate_from_1(database: sqlite3.Connection) -> None:
    """Version 1 knew neither time_s, which its times give, nor episodes, which its observations give."""
    database.execute("DROP INDEX observations_utc")
    for table in ("runs", "observations"):
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    create(database)
    database.execute(
        "INSERT INTO runs (id, started_utc, last_utc, source, model, interval_seconds, first_observation) "
        "SELECT id, started_utc, "
        "coalesce((SELECT max(utc) FROM observations_1 WHERE run = runs_1.id), started_utc), source, model, 1.0, "
        "1 + coalesce((SELECT max(id) FROM observations_1 WHERE run < runs_1.id), 0) FROM runs_1"
    )
    database.execute(
        f"INSERT INTO observations ({OBSERVATION_COLUMNS}) SELECT o.id, run, utc, "
        "coalesce(round((julianday(utc) - julianday(started_utc)) * 86400, 3), 0), track, x, y, width, height, "
        f"detection_score, emotion, score, certain, {', '.join(LABELS)}, NULL "
        "FROM observations_1 AS o LEFT JOIN runs_1 ON runs_1.id = run ORDER BY o.id"
    )
    for table in ("observations_1", "runs_1"):
        database.execute(f"DROP TABLE {table}")
    _derive_episodes(database)
    _leave_for_later(database)


def _derive_episodes(database: sqlite3.Connection) -> None:
    run = 0
    last = 0
    episodes = Episodes(GAP_SECONDS)
    for row in database.execute(
        "SELECT id, run, utc, time_s, track, emotion, score, certain FROM observations ORDER BY id"
    ):
        if row[1] != run:
            run = row[1]
            episodes = Episodes(GAP_SECONDS)
        observation = Observation(row[2], row[3], row[4], (), 0.0, row[5], row[6], bool(row[7]), {})
        episode = episodes.add(observation, row[0], last + 1)
        last = max(last, episode.id)
        database.execute(UPSERT_EPISODE, episode_values(episode, run))
