"""The event log: one SQLite row per face and interval, in WAL mode, which survives a crash at any moment."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from edge.analyzer import FaceEmotion
from edge.contract import LABELS
from edge.errors import LogError

SCHEMA_VERSION = 1
SCHEMA = f"""
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started_utc TEXT NOT NULL,   -- ISO 8601
    source TEXT NOT NULL,        -- camera, file or folder
    model TEXT NOT NULL          -- name, version and the start of the file's sha256
);
CREATE TABLE observations (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    utc TEXT NOT NULL,           -- ISO 8601, milliseconds
    track INTEGER NOT NULL,      -- one face within one run
    x REAL, y REAL, width REAL, height REAL,  -- pixels of the frame
    detection_score REAL NOT NULL,
    emotion TEXT NOT NULL,
    score REAL NOT NULL,         -- probability of emotion, 0 to 1
    certain INTEGER NOT NULL,    -- 1 where score reaches the model's threshold
    {", ".join(f"{label} REAL NOT NULL" for label in LABELS)}
);
CREATE INDEX observations_utc ON observations (utc);
PRAGMA user_version = {SCHEMA_VERSION};
"""
COLUMNS = (
    "run",
    "utc",
    "track",
    "x",
    "y",
    "width",
    "height",
    "detection_score",
    "emotion",
    "score",
    "certain",
    *LABELS,
)
INSERT = f"INSERT INTO observations ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"


class EventLog:
    """Opens or makes the file `path`; raises LogError wherever it cannot be written."""

    def __init__(self, path: Path, interval_seconds: float) -> None:
        self.path, self._interval_seconds = path, interval_seconds
        self._run = 0
        self._logged_s: dict[int, float] = {}
        self.rows = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise self._error(error) from error

    def start_run(self, source: str, model: str, now: datetime) -> None:
        """Note where the rows that follow come from."""
        try:
            values = (utc_text(now), source, model)
            cursor = self._database.execute("INSERT INTO runs (started_utc, source, model) VALUES (?, ?, ?)", values)
        except sqlite3.Error as error:
            raise self._error(error) from error
        self._run = cursor.lastrowid or 0
        self._logged_s.clear()

    def record(self, faces: Iterable[FaceEmotion], time_s: float, now: datetime) -> None:
        """Write a row for each face whose last one is `interval_seconds` ago by `time_s`; `now` is its UTC time."""
        recent = {track: then for track, then in self._logged_s.items() if time_s - then < self._interval_seconds}
        due = [face for face in faces if face.track not in recent]
        if not due:
            return
        try:
            self._database.execute("BEGIN")
            self._database.executemany(INSERT, [self._row(face, now) for face in due])
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._error(error) from error
        self._logged_s = recent | {face.track: time_s for face in due}
        self.rows += len(due)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # no fsync a row: kind to SD cards, and WAL stays whole
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._database.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        elif version != SCHEMA_VERSION:
            raise LogError(
                f"{self.path}: written by another version ({version}, expected {SCHEMA_VERSION}); set another log.path"
            )

    def _row(self, face: FaceEmotion, now: datetime) -> tuple[object, ...]:
        box = (round(value, 1) for value in face.box_xywh)
        probabilities = (round(float(value), 4) for value in face.probabilities)
        scores = (round(face.detection_score, 4), face.emotion, round(face.score, 4), int(face.certain))
        return (self._run, utc_text(now), face.track, *box, *scores, *probabilities)

    def _error(self, error: Exception) -> LogError:
        return LogError(
            f"{self.path}: cannot write the event log ({error}); free space, mend its permissions, or set log.path"
        )


def utc_text(moment: datetime) -> str:
    """ISO 8601 with milliseconds, UTC, which sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
