"""What the event log writes: rows, episodes, runs, and files of other versions."""

import sqlite3
import tracemalloc
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from edge.contract import LABELS
from edge.errors import LogError
from edge.events import EventLog
from edge.settings import LogSettings
from tests.fakes.eventlog import AT_ONCE, NOON, Clock, check_episodes, face, fill, rows


def test_a_row_holds_all_that_is_known_of_a_face(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.db"
    with EventLog(path, AT_ONCE) as events:
        events.start_run("usb:0", "emotion_int8 0.1.0", NOON)
        events.record([face()], 3.25, NOON.astimezone(timezone(timedelta(hours=2))))
    assert rows(path, "SELECT started_utc, source, model, interval_seconds FROM runs") == [
        ("2026-11-22T12:00:00.250+00:00", "usb:0", "emotion_int8 0.1.0", 1.0)
    ]
    row = (0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1)
    columns = (
        f"run, utc, time_s, track, x, y, width, height, detection_score, emotion, score, certain, {', '.join(LABELS)}"
    )
    assert rows(path, f"SELECT {columns} FROM observations") == [
        (1, "2026-11-22T12:00:00.250+00:00", 3.25, 1, 10.0, 20.0, 100.0, 120.0, 0.97, "happy", 0.8, 1, *row)
    ]


def test_each_face_is_written_once_an_interval(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", AT_ONCE) as events:
        events.start_run("test", "model", NOON)
        for tenth in range(21):
            events.record([face(1)] if tenth < 15 else [face(1), face(2)], tenth / 10, NOON)
    written = rows(tmp_path / "log.db", "SELECT track, count(*) FROM observations GROUP BY track")
    assert written == [(1, 3), (2, 1)]
    assert events.rows == 4


@pytest.mark.parametrize("fps", [29.97, 15.0, 10.0, 4.0])
def test_a_face_in_sight_for_a_minute_has_a_row_for_each_second(fps: float, tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", LogSettings(), Clock()) as events:
        events.start_run("test", "model", NOON)
        for number in range(round(60 * fps)):
            events.record([face()], number / fps + 0.004 * (number % 3), NOON)
    assert rows(tmp_path / "log.db", "SELECT count(*) FROM observations") == [(60,)]


def test_a_face_that_was_away_is_written_an_interval_after_it_came_back(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", LogSettings(), Clock()) as events:
        events.start_run("test", "model", NOON)
        for time_s in (0.0, 1.9, 2.0, 2.8, 2.95):
            events.record([face()], time_s, NOON)
    assert rows(tmp_path / "log.db", "SELECT time_s FROM observations") == [(0.0,), (1.9,), (2.95,)]


def test_a_source_that_begins_anew_is_logged_on(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", AT_ONCE) as events:
        events.start_run("test", "model", NOON)
        for time_s in (500.0, 501.0, 0.0, 1.0):
            events.record([face()], time_s, NOON)
    assert events.rows == 4
    assert rows(tmp_path / "log.db", "SELECT start_s, end_s FROM episodes") == [(500.0, 501.0), (0.0, 1.0)]


def test_rows_are_committed_together(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "log.db"
    with EventLog(path, LogSettings(commit_seconds=10.0), clock) as events:
        events.start_run("test", "model", NOON)
        counts = []
        for second in range(25):
            events.record([face()] if second < 15 else [], second, clock.now)
            counts.append(rows(path, "SELECT count(*) FROM observations")[0][0])
            clock.go_on(1)
    assert (
        counts == [0] * 10 + [11] * 11 + [15] * 4
    )  # 11 seconds in the first; the second is due while no face is there


def test_an_episode_is_one_face_showing_one_emotion(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    seen = [  # second, track, emotion, score, certain
        *[(second, 1, "happy", 0.5 + second / 10, second > 1) for second in range(4)],
        *[(second, 2, "sad", 0.4, False) for second in range(2, 4)],
        (4, 1, "sad", 0.9, True),
        (20, 1, "sad", 0.7, True),  # away for longer than GAP_SECONDS
    ]
    with EventLog(path, LogSettings(), Clock()) as events:
        events.start_run("test", "model", NOON)
        for second, track, emotion, score, certain in seen:
            events.record([face(track, emotion, score, certain)], second, NOON + timedelta(seconds=second))
    columns = "track, emotion, start_s, end_s, observations, mean_score, peak_score, certain_share"
    assert rows(path, f"SELECT {columns} FROM episodes ORDER BY id") == [
        (1, "happy", 0.0, 3.0, 4, 0.65, 0.8, 0.5),
        (2, "sad", 2.0, 3.0, 2, 0.4, 0.4, 0.0),
        (1, "sad", 4.0, 4.0, 1, 0.9, 0.9, 1.0),
        (1, "sad", 20.0, 20.0, 1, 0.7, 0.7, 1.0),
    ]
    start_and_end = ("2026-11-22T12:00:00.250+00:00", "2026-11-22T12:00:03.250+00:00")
    assert rows(path, "SELECT start_utc, end_utc FROM episodes LIMIT 1") == [start_and_end]
    check_episodes(path)


def test_episodes_of_many_commits_fit_their_observations(tmp_path: Path) -> None:
    for commit_seconds in (0.0, 7.0):
        fill(tmp_path / f"{commit_seconds}.db", 300, LogSettings(commit_seconds=commit_seconds))
        check_episodes(tmp_path / f"{commit_seconds}.db")
    tables = [rows(tmp_path / f"{seconds}.db", "SELECT * FROM episodes ORDER BY id") for seconds in (0.0, 7.0)]
    assert tables[0] == tables[1]
    assert len(tables[0]) == 30


def test_an_existing_log_is_carried_on(tmp_path: Path) -> None:
    for _ in range(2):
        fill(tmp_path / "log.db", 3)
    assert rows(tmp_path / "log.db", "SELECT run, count(*) FROM observations GROUP BY run") == [(1, 3), (2, 3)]
    assert rows(tmp_path / "log.db", "SELECT id, first_observation, last_utc FROM runs") == [
        (1, 1, "2026-11-22T12:00:02.250+00:00"),
        (2, 4, "2026-11-22T12:00:02.250+00:00"),
    ]


VERSION_1 = f"""
CREATE TABLE runs (id INTEGER PRIMARY KEY, started_utc TEXT NOT NULL, source TEXT NOT NULL, model TEXT NOT NULL);
CREATE TABLE observations (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (id), utc TEXT NOT NULL, track INTEGER NOT NULL,
    x REAL, y REAL, width REAL, height REAL, detection_score REAL NOT NULL, emotion TEXT NOT NULL, score REAL NOT NULL,
    certain INTEGER NOT NULL, {", ".join(f"{label} REAL NOT NULL" for label in LABELS)}
);
CREATE INDEX observations_utc ON observations (utc);
PRAGMA user_version = 1;
INSERT INTO runs VALUES (1, '2026-11-22T12:00:00.250+00:00', 'a', 'm'), (2, '2026-11-22T13:00:00.000+00:00', 'b', 'm'),
    (3, '2026-11-22T14:00:00.000+00:00', 'nobody came', 'm');
INSERT INTO observations VALUES
    (1, 1, '2026-11-22T12:00:01.500+00:00', 1, 1, 2, 3, 4, 0.9, 'sad', 0.7, 1, 0, 0, 0, 0.3, 0.7, 0, 0),
    (2, 1, '2026-11-22T12:00:02.500+00:00', 1, NULL, 2, 3, 4, 0.9, 'sad', 0.5, 0, 0, 0, 0, 0.5, 0.5, 0, 0),
    (7, 2, '2026-11-22T13:00:00.000+00:00', 1, 1, 2, 3, 4, 0.9, 'sad', 0.7, 1, 0, 0, 0, 0.3, 0.7, 0, 0),
    (8, 2, '2026-11-22T13:00:00.000+00:00', 2, 1, 2, 3, 4, 0.9, 'fear', 0.7, 1, 0, 0, 0.7, 0.3, 0, 0, 0);
"""


def test_a_log_of_version_1_loses_nothing_and_becomes_as_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    new = tmp_path / "new.db"
    old_columns = (
        f"id, run, utc, track, x, y, width, height, detection_score, emotion, score, certain, {', '.join(LABELS)}"
    )
    sqlite3.connect(path).executescript(VERSION_1).connection.close()
    before = [rows(path, f"SELECT {old_columns} FROM observations"), rows(path, "SELECT * FROM runs")]
    EventLog(path, AT_ONCE).close()
    EventLog(new, AT_ONCE).close()
    assert before == [
        rows(path, f"SELECT {old_columns} FROM observations"),
        rows(path, "SELECT id, started_utc, source, model FROM runs"),
    ]
    for query in ("SELECT name, sql FROM sqlite_schema", "PRAGMA user_version", "PRAGMA auto_vacuum"):
        assert rows(path, query) == rows(new, query)
    assert rows(path, "SELECT time_s FROM observations") == [(1.25,), (2.25,), (0.0,), (0.0,)]
    assert rows(path, "SELECT first_observation, last_utc FROM runs") == [
        (1, "2026-11-22T12:00:02.500+00:00"),
        (3, "2026-11-22T13:00:00.000+00:00"),
        (9, "2026-11-22T14:00:00.000+00:00"),
    ]
    assert rows(path, "SELECT run, track, emotion, observations, mean_score FROM episodes") == [
        (1, 1, "sad", 2, 0.6),
        (2, 1, "sad", 1, 0.7),
        (2, 2, "fear", 1, 0.7),
    ]
    check_episodes(path)
    fill(path, 2)
    assert rows(path, "SELECT max(id), max(run) FROM observations") == [(10, 4)]


def test_what_is_no_log_of_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    other = tmp_path / "other.db"
    text = tmp_path / "notes.txt"
    sqlite3.connect(newer).execute("PRAGMA user_version = 99").connection.close()
    sqlite3.connect(other).execute("CREATE TABLE bookmarks (url)").connection.close()
    text.write_text("shopping list, not a database\n" * 50)
    before = [path.read_bytes() for path in (newer, other, text)]
    for path, words in ((newer, "newer version"), (other, "another program"), (text, "not a database")):
        with pytest.raises(LogError, match=words):
            EventLog(path, AT_ONCE)
    assert sorted(tmp_path.iterdir()) == [newer, text, other]
    assert [path.read_bytes() for path in (newer, other, text)] == before


def test_a_refused_log_is_not_held_open(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(LogError) as caught:
        EventLog(path, AT_ONCE)
    held = {str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}
    assert caught.tb  # which holds the half-made log
    assert str(path) not in held


def test_months_of_faces_need_no_memory(tmp_path: Path) -> None:
    """One remembered time a face would be 100 bytes each; Python keeps up to 2000 tuples of a length for later."""
    with EventLog(tmp_path / "log.db", AT_ONCE) as events:
        events.start_run("test", "model", NOON)
        for number in range(2500):
            events.record([face(number)], 2.0 * number, NOON)
        tracemalloc.start()
        try:
            for number in range(2500, 4500):
                events.record([face(number)], 2.0 * number, NOON)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert events.rows == 4500
    assert grown < 50_000


def test_a_path_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogError, match=r"set log\.path"):
        EventLog(tmp_path / "file" / "log.db", AT_ONCE)
