import random
import sqlite3
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from edge.analyzer import FaceEmotion
from edge.contract import LABELS
from edge.errors import LogError
from edge.events import EventLog
from edge.settings import PROJECT
from tests.edge.conftest import environment

NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
PROBABILITIES = np.array([0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1], np.float32)


def face(track: int = 1) -> FaceEmotion:
    return FaceEmotion(track, (10.04, 20.0, 100.0, 120.0), 0.97, "happy", 0.8, True, PROBABILITIES)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_a_row_holds_all_that_is_known_of_a_face(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.db"
    with EventLog(path, 1.0) as events:
        events.start_run("usb:0", "emotion_int8 0.1.0", NOON)
        events.record([face()], 0.0, NOON.astimezone(timezone(timedelta(hours=2))))
    assert rows(path, "SELECT started_utc, source, model FROM runs") == [
        ("2026-11-22T12:00:00.250+00:00", "usb:0", "emotion_int8 0.1.0")
    ]
    row = (0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1)
    columns = f"run, utc, track, x, y, width, height, detection_score, emotion, score, certain, {', '.join(LABELS)}"
    assert rows(path, f"SELECT {columns} FROM observations") == [
        (1, "2026-11-22T12:00:00.250+00:00", 1, 10.0, 20.0, 100.0, 120.0, 0.97, "happy", 0.8, 1, *row)
    ]


def test_each_face_is_written_once_an_interval(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.db", 1.0) as events:
        events.start_run("test", "model", NOON)
        for tenth in range(21):
            events.record([face(1)] if tenth < 15 else [face(1), face(2)], tenth / 10, NOON)
    written = rows(tmp_path / "log.db", "SELECT track, count(*) FROM observations GROUP BY track")
    assert written == [(1, 3), (2, 1)]
    assert events.rows == 4


def test_an_existing_log_is_carried_on(tmp_path: Path) -> None:
    for _ in range(2):
        with EventLog(tmp_path / "log.db", 1.0) as events:
            events.start_run("test", "model", NOON)
            events.record([face()], 0.0, NOON)
    assert rows(tmp_path / "log.db", "SELECT run FROM observations") == [(1,), (2,)]


def test_another_versions_log_and_another_file_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(LogError, match="another version"):
        EventLog(path, 1.0)
    text = tmp_path / "notes.txt"
    text.write_text("shopping list, not a database\n" * 50)
    with pytest.raises(LogError, match="cannot write the event log"):
        EventLog(text, 1.0)
    assert text.read_text().startswith("shopping list")


def test_a_refused_log_is_not_held_open(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    sqlite3.connect(path).execute("PRAGMA user_version = 99").connection.close()
    with pytest.raises(LogError) as caught:
        EventLog(path, 1.0)
    held = {str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}
    assert caught.tb  # which holds the half-made log
    assert str(path) not in held


def test_months_of_faces_need_no_memory(tmp_path: Path) -> None:
    """One remembered time a face would be 100 bytes each."""
    with EventLog(tmp_path / "log.db", 1.0) as events:
        events.start_run("test", "model", NOON)
        tracemalloc.start()
        try:
            for number in range(2000):
                events.record([face(number)], 2.0 * number, NOON)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert events.rows == 2000
    assert grown < 50_000


def test_a_path_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LogError, match=r"set log\.path"):
        EventLog(tmp_path / "file" / "log.db", 1.0)


WRITER = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tests.edge.test_events import face
from edge.events import EventLog
from edge.errors import LogError
limit = int(sys.argv[2])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
with EventLog(Path(sys.argv[1]), 0.0) as events:
    events.start_run("test", "model", datetime.now(UTC))
    for number in range(1, 1_000_000):
        try:
            events.record([face(number)], float(number), datetime.now(UTC))
        except LogError as error:
            sys.exit(str(error))
        print(number, flush=True)
"""


def writer(path: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(limit)]
    return subprocess.Popen(command, cwd=PROJECT, env=environment(), stdout=-1, stderr=-1, text=True)


def test_rows_that_were_written_outlive_sigkill_once_each(tmp_path: Path) -> None:
    path, kept = tmp_path / "log.db", 0
    for seed in range(5):
        with writer(path) as process:
            assert process.stdout
            wanted = random.Random(seed).randrange(1, 400)
            for line in process.stdout:
                if int(line) >= wanted:
                    process.kill()
                    break
            reported = max([wanted, *(int(line) for line in process.stdout if line.endswith("\n"))])
        assert rows(path, "PRAGMA integrity_check") == [("ok",)]
        run = f"FROM observations WHERE run = {seed + 1}"
        count, tracks, last = rows(path, f"SELECT count(*), count(DISTINCT track), max(track) {run}")[0]
        assert reported <= int(str(last)) <= reported + 1  # at most the one that it did not live to report
        assert count == tracks == last
        kept += int(str(count))
    assert rows(path, "SELECT count(*) FROM observations") == [(kept,)]


def test_a_full_disk_is_a_log_error_and_loses_no_earlier_row(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with writer(path, limit=200_000) as process:
        output, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot write the event log" in error
    assert "free space" in error
    assert "Traceback" not in error
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT count(*) FROM observations") == [(len(output.split()),)]
