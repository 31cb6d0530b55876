"""Bytes that the event log writes in an hour, with one face in view all the time, and how large it grows.

    .venv-edge/bin/python -m tests.benchmarks.log_writes [--hours 10] [--folder DIR]

The clock is a made-up one, the file a real one in DIR. Counted is what the process hands to write(2), by
/proc/self/io: what reaches the card but for what the kernel merges. A face changes its emotion every five seconds.
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from edge.contract import LABELS
from edge.events import EventLog
from edge.results import FaceEmotion
from edge.settings import LogSettings

FRAMES_PER_SECOND = 5
EPISODE_SECONDS = 5
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="default: the system's for temporary files")
    args = parser.parse_args()
    print("commit_seconds  MB written an hour  MB of log an hour  bytes a row")
    for commit_seconds in (0.0, 1.0, LogSettings().commit_seconds, 60.0):
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            path = Path(folder, "log.db")
            before = bytes_written()
            rows = write(path, args.hours, LogSettings(commit_seconds=commit_seconds))
            written = (bytes_written() - before) / args.hours / 1e6
            size = path.stat().st_size
            print(f"{commit_seconds:14g}{written:20.2f}{size / args.hours / 1e6:19.2f}{size / rows:13.0f}")


def write(path: Path, hours: int, settings: LogSettings) -> int:
    """Log one face for `hours`; returns the rows."""
    random = np.random.default_rng(1)
    seconds = 0.0
    with EventLog(path, settings, lambda: seconds) as events:
        events.start_run("benchmark", "model 0.1.0 0123456789ab", START)
        for frame in range(hours * 3600 * FRAMES_PER_SECOND):
            seconds = frame / FRAMES_PER_SECOND
            events.record([face(seconds, random)], seconds, START + timedelta(seconds=seconds))
    return events.rows


def face(seconds: float, random: np.random.Generator) -> FaceEmotion:
    probabilities = random.dirichlet(np.ones(len(LABELS))).astype(np.float32)
    emotion = LABELS[int(seconds // EPISODE_SECONDS) % len(LABELS)]
    x, y, side = random.uniform(50, 400, 3)
    track = 1 + int(seconds // 60)
    return FaceEmotion(track, (x, y, side, side), 0.97, emotion, random.uniform(0.3, 1.0), True, probabilities)


def bytes_written() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])


if __name__ == "__main__":
    main()
