"""A process that writes the event log as fast as it can, to be killed at any moment.

python -m tests.fakes.log_writer LOG COMMIT_SECONDS     prints, for each frame, its number and the rows in the file
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from edge.events import EventLog
from edge.settings import PROJECT, LogSettings
from tests.fakes.eventlog import face
from tests.program import environment

FRAMES = 1_000_000


def start_writer(path: Path, commit_seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fakes.log_writer", str(path), str(commit_seconds)]
    return subprocess.Popen(command, cwd=PROJECT, env=environment(), stdout=-1, stderr=-1, text=True)


def main() -> None:
    settings = LogSettings(interval_seconds=0.0, commit_seconds=float(sys.argv[2]))
    with EventLog(Path(sys.argv[1]), settings) as events:
        events.start_run("test", "model", datetime.now(UTC))
        for number in range(1, FRAMES):
            emotion = "sad" if number // 7 % 2 else "happy"
            events.record([face(number // 20, emotion)], number / 10, datetime.now(UTC))
            print(number, events.rows, flush=True)


if __name__ == "__main__":
    main()
