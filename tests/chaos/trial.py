"""One fault's daemon: started, watched, hurt and started again, as systemd would."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from edge.settings import DEFAULT_MODEL, PROJECT
from tests.chaos.witness import Witness
from tests.fakes.picamera2 import STANDIN
from tests.program import environment

PATIENCE_SECONDS = 120.0  # for a busy machine
LOOK_SECONDS = 0.01
MEMORY_LIMIT_MB = 250.0
NEW_ROWS = 5  # that show that it logs
TRY_AGAIN = 1
SETTINGS = """
[camera]
source = "picamera"
width = {width}
height = {height}
frames_per_second = 30.0
timeout_seconds = 0.5
reconnect_seconds = 2.0
[classifier]
model = "{model}"
[log]
path = "{folder}/log.db"
interval_seconds = 0.1
commit_seconds = {commit_seconds}
keep_days = 30
"""


class FaultError(Exception):
    """The daemon did what it must not do."""


class EndedError(FaultError):
    """It ended with status 1, to be tried again."""


class Trial:
    def __init__(self, name: str, folder: Path, frames: Path, chance: random.Random) -> None:
        self.name = name
        self.folder = folder
        self.chance = chance
        self.witness = Witness(folder / "log.db")
        self.rounds_done = 0
        self.starts = 0
        self.peak_mb = 0.0
        self.note = ""
        self.output: list[str] = []
        """what the daemon, as last started, said"""
        self.variables = {
            "PYTHONPATH": f"{PROJECT}:{STANDIN}",
            "CAMERA_FRAMES": str(frames),
            "CAMERA_FAULT": str(folder / "fault"),
            "STATE_DIRECTORY": str(folder),
            "JOURNAL_STREAM": "0:0",  # no line an emotion
        }
        self._process: subprocess.Popen[str] | None = None
        self.set_camera("good")
        self.configure()

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process
        return self._process

    def configure(
        self, commit_seconds: float = 0.0, width: int = 640, height: int = 480, model: Path = DEFAULT_MODEL
    ) -> None:
        values = {"commit_seconds": commit_seconds, "width": width, "height": height, "model": model}
        (self.folder / "settings.toml").write_text(SETTINGS.format(folder=self.folder, **values))

    def set_camera(self, fault: str) -> None:
        new = self.folder / "fault.new"
        new.write_text(fault)
        new.rename(self.folder / "fault")

    def rounds(self, count: int) -> Iterator[int]:
        for number in tqdm(range(count), f"{self.name:18}", leave=False, disable=None):
            yield number
            self.rounds_done += 1

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "run", "--config", "settings.toml"]
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self._process = subprocess.Popen(
            command, cwd=self.folder, env=environment(**self.variables), text=True, **streams
        )
        self.starts += 1
        self.output = []
        self._listener = threading.Thread(target=self.output.extend, args=[self._process.stderr], daemon=True)
        self._listener.start()

    def signal(self, number: signal.Signals) -> int:
        """Send `number`, and check the log once the process has ended; returns its status."""
        self._measure()
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait until the process ends, and check what it said."""
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise FaultError("does not end") from error
        self._listener.join()
        if "Traceback" in self.said():
            raise FaultError(self.said())
        return status

    def said(self) -> str:
        return "".join(self.output)

    def stop(self) -> None:
        """End it as systemd does, and check the log."""
        status = self.signal(signal.SIGTERM)
        if status:
            raise FaultError(f"SIGTERM gave exit status {status}: {self.said()}")
        self.witness.check()

    def watch(self, seconds: float) -> None:
        """Look on for `seconds`, and start it again where it ended to be."""
        end_s = time.monotonic() + seconds
        self._watch_until(lambda: time.monotonic() >= end_s)

    def wait_for_rows(self, count: int = NEW_ROWS) -> None:
        needed = self.witness.look() + count
        self._watch_until(lambda: len(self.witness.seen) >= needed)

    def wait_for_words(self, words: str, restart: bool = True) -> None:
        self._watch_until(lambda: words in self.said(), restart)

    def log_again(self) -> None:
        self.start()
        self.wait_for_rows()
        self.stop()

    def end(self) -> None:
        """Whatever happened, leave no process behind."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _watch_until(self, done: Callable[[], bool], restart: bool = True) -> None:
        deadline_s = time.monotonic() + PATIENCE_SECONDS
        while not done():
            self.witness.look()
            self._measure()
            if time.monotonic() > deadline_s:
                raise FaultError(f"waited {PATIENCE_SECONDS:.0f} s in vain; it said: {self.said()}")
            if self.process.poll() is not None:
                status = self.wait()
                if status != TRY_AGAIN:
                    raise FaultError(f"ended with status {status}: {self.said()}")
                if not restart:
                    raise EndedError(self.said())
                self.witness.check()
                self.start()
            time.sleep(LOOK_SECONDS)

    def _measure(self) -> None:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak_mb = max(self.peak_mb, int(line.split()[1]) * 1024 / 1e6)
