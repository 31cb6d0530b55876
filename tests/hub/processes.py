"""Programs that a test starts, stops and starts again, with the processor time that they took."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from typing import BinaryIO

UNPRIVILEGED = "nobody"


def find(program: str) -> str | None:
    """The path of a program, looked for also where Debian keeps those of administrators and of PostgreSQL."""
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders = [os.environ["PATH"], "/usr/sbin", *map(str, postgresql)]
    return shutil.which(program, path=":".join(folders))


def missing(*programs: str) -> str:
    """Those that are not installed, as the reason of a skip; empty where all are there."""
    absent = [program for program in programs if find(program) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def unprivileged() -> dict[str, int]:
    """Options of subprocess: PostgreSQL refuses to run as root, and mosquitto would look for a user of its own."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    return {"user": user.pw_uid, "group": user.pw_gid}


def run(*command: str | Path, stdin: str | None = None) -> str:
    """What `command` prints, as the unprivileged user; raises AssertionError with its errors where it fails."""
    done = subprocess.run(
        [find(str(command[0])) or str(command[0]), *map(str, command[1:])],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        **unprivileged(),
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Process:
    """One program with one log, through all its lives."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        """With an `environment` it is a program of ours, and runs as the test does."""
        self._command = [find(command[0]) or command[0], *command[1:]]
        self._environment = environment
        self._log: BinaryIO = log.open("ab")
        self.log_path = log
        self.processor_seconds = 0.0
        """of the lives that ended, children included"""
        self.peak_mb = 0.0
        """resident, of the life that took most; of its largest process"""
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._popen = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=self._environment,
            cwd="/",
            **({} if self._environment else unprivileged()),
        )

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Signal it, wait, and return its status."""
        assert self._popen is not None
        os.kill(self._popen.pid, by)  # one that died already is still there to be waited for
        return self.wait()

    def wait(self) -> int:
        assert self._popen is not None
        _, status, usage = os.wait4(self._popen.pid, 0)
        self._popen.returncode = os.waitstatus_to_exitcode(status)
        self.processor_seconds += usage.ru_utime + usage.ru_stime
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1000)
        code = self._popen.returncode
        self._popen = None
        return code

    def close(self) -> None:
        """A program of ours does not hear SIGINT where a shell runs the tests in the background."""
        if self._popen is not None:
            self.end(signal.SIGTERM if self._environment else signal.SIGINT)
        self._log.close()

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")
