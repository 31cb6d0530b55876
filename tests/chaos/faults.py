"""What is done to the daemon; each fault leaves it running well, or raises FaultError."""

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.chaos.frames import CROWD_SIZE_WH, write_crowd
from tests.chaos.storage import flipped_bytes, full_disk, swapped_model
from tests.chaos.trial import FaultError, Trial

CAMERA_FAULTS = (
    "black",
    "white",
    "noise",
    "too small",
    "too large",
    "empty",
    "late",
    "missing",
    "gone",
    "hang",
    "hang for ever",
)
JUMPS_SECONDS = (3600, 5 * 365 * 86400)  # both ways; nothing may be deleted by age meanwhile
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)  # Debian's
Fault = Callable[[Trial], None]


def sigkill(trial: Trial) -> None:
    """A kill at any moment of the start or of the second after the first row; every second run writes rows at once."""
    first_row_seconds = _time_to_first_row(trial)
    while_logging = 0
    for number in trial.rounds(200):
        trial.configure(commit_seconds=(number % 2) * 0.3)
        before = len(trial.witness.seen)
        trial.start()
        trial.watch(trial.chance.uniform(0, first_row_seconds + 1))
        trial.signal(signal.SIGKILL)
        while_logging += len(trial.witness.seen) > before
        trial.witness.check()
    trial.log_again()
    trial.note = f"{while_logging} of them after rows were committed"


def sigterm_during_start(trial: Trial) -> None:
    first_row_seconds = _time_to_first_row(trial)
    by_signal = 0
    for _ in trial.rounds(30):
        trial.start()
        trial.watch(trial.chance.uniform(0, first_row_seconds))
        status = trial.signal(signal.SIGTERM)
        if status not in (0, -signal.SIGTERM):  # until Python is up, the signal itself ends it
            raise FaultError(f"exit status {status}: {trial.said()}")
        by_signal += status != 0
        trial.witness.check()
    trial.log_again()
    trial.note = f"{by_signal} before its handler was there"


def camera(fault: str, trial: Trial) -> None:
    for _ in trial.rounds(3):
        trial.start()
        trial.wait_for_rows()
        trial.set_camera(fault)
        trial.watch(trial.chance.uniform(0.5, 4.0))
        trial.set_camera("good")
        trial.wait_for_rows()
        trial.stop()


def crowd(trial: Trial) -> None:
    frames = trial.folder / "crowd.npy"
    write_crowd(frames)
    trial.variables["CAMERA_FRAMES"] = str(frames)
    trial.configure(width=CROWD_SIZE_WH[0], height=CROWD_SIZE_WH[1])
    for _ in trial.rounds(2):
        trial.start()
        trial.wait_for_rows(500)
        trial.stop()
    with closing(sqlite3.connect(trial.witness.path)) as log:
        query = "SELECT max(faces) FROM (SELECT count(DISTINCT track) AS faces FROM observations GROUP BY run, time_s)"
        [faces] = log.execute(query).fetchone()
    trial.note = f"{faces} of 50 found in a frame"


def clock_jump(trial: Trial) -> None:
    """libfaketime sets the wall clock of the real process, and leaves the steady ones alone."""
    if not FAKETIME:
        trial.note = "LEFT OUT: apt install libfaketime"
        return
    offset = trial.folder / "offset"
    trial.variables |= {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    offset.write_text("+0")
    jumps = 0
    for number in trial.rounds(4):
        trial.start()
        trial.wait_for_rows()
        now = 0
        for direction in trial.chance.sample([1, -1, 1, -1], 4):
            now += direction * trial.chance.choice(JUMPS_SECONDS)
            offset.write_text(f"{now:+d}")
            trial.wait_for_rows()
            jumps += 1
        if number % 2:
            trial.signal(signal.SIGKILL)
            trial.witness.check()
        else:
            trial.stop()
    trial.log_again()
    _check_jumps(trial, jumps)


def _check_jumps(trial: Trial, jumps: int) -> None:
    """Raise FaultError where a jump was not noted, or rows are out of order."""
    with closing(sqlite3.connect(trial.witness.path)) as log:
        noted = log.execute("SELECT count(*) FROM incidents WHERE kind = 'clock_jump' AND abs(seconds) > 3500")
        trial.note = f"{noted.fetchone()[0]} of {jumps} noted"
        disorder = "SELECT count(*) FROM observations a JOIN observations b ON b.id = a.id + 1 AND b.run = a.run"
        [wrong] = log.execute(f"{disorder} WHERE b.time_s < a.time_s").fetchone()
    if wrong or trial.note != f"{jumps} of {jumps} noted":
        raise FaultError(f"{wrong} rows out of order, {trial.note}")


def _time_to_first_row(trial: Trial) -> float:
    started_s = time.monotonic()
    trial.start()
    trial.wait_for_rows(1)
    seconds = time.monotonic() - started_s
    trial.stop()
    return seconds


FAULTS: dict[str, Fault] = {
    "sigkill": sigkill,
    "sigterm at start": sigterm_during_start,
    **{f"camera {fault}": partial(camera, fault) for fault in CAMERA_FAULTS},
    "50 faces": crowd,
    "model swapped": swapped_model,
    "disk full": full_disk,
    "bytes flipped": flipped_bytes,
    "clock jumps": clock_jump,
}
