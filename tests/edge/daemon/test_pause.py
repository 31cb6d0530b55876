"""The pause switch of the real daemon: by command, by signal, by setting, and over a restart."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import DEMO
from edge.daemon.pause import flag_path
from edge.settings import places
from tests.fakes.picamera2 import standin_variables
from tests.fakes.streams import MjpegServer
from tests.program import Program, environment

WATCHING = "STATUS=watching"
PAUSED = "STATUS=paused"
STOPPING = "STOPPING=1"


class Daemon:
    """A running `run` in `folder`, and what it tells systemd."""

    def __init__(self, process: subprocess.Popen[str], receiver: socket.socket, folder: Path) -> None:
        self.process = process
        self._receiver = receiver
        self.flag = folder / "logs" / "paused"
        self.told: list[str] = []

    def wait_for(self, state: str) -> None:
        while not (self.told and self.told[-1].startswith(state)):
            self.told.append(self._receiver.recv(300).decode())

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        self.wait_for(STOPPING)
        _, diagnostics = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, diagnostics
        assert "Traceback" not in diagnostics
        return diagnostics


@contextmanager
def daemon(folder: Path, *arguments: object, source: object = DEMO, **more: str) -> Iterator[Daemon]:
    address = folder / "notify"
    address.unlink(missing_ok=True)
    command = [sys.executable, "-m", "edge", "run", "--realtime", "--source", str(source), *map(str, arguments)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        receiver.settimeout(60)
        variables = environment(NOTIFY_SOCKET=str(address), JOURNAL_STREAM="8:1234", **more)
        with subprocess.Popen(command, cwd=folder, env=variables, stdout=-1, stderr=-1, text=True) as process:
            try:
                yield Daemon(process, receiver, folder)
            finally:
                process.kill()


def test_signals_pause_and_resume_while_the_watchdog_is_fed(tmp_path: Path) -> None:
    with daemon(tmp_path) as running:
        running.wait_for(WATCHING)
        running.wait_for("WATCHDOG")
        running.process.send_signal(signal.SIGUSR1)
        running.wait_for(PAUSED)
        running.wait_for("WATCHDOG")
        assert running.flag.exists()
        running.process.send_signal(signal.SIGUSR2)
        running.wait_for(WATCHING)
        assert not running.flag.exists()
        running.stop()


def test_the_commands_work_from_another_process_and_outlive_a_restart(tmp_path: Path, program: Program) -> None:
    with daemon(tmp_path) as running:
        running.wait_for(WATCHING)
        assert program("pause").returncode == 0
        running.wait_for(PAUSED)
        running.stop()
    with daemon(tmp_path) as restarted:
        restarted.wait_for("READY=1")
        assert [told[: len(PAUSED)] for told in restarted.told] == [PAUSED, "READY=1\nWATCHDOG=1"[: len(PAUSED)]]
        assert program("resume").returncode == 0
        restarted.wait_for(WATCHING)
        restarted.stop()


def test_it_starts_paused_where_the_settings_say_so(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[camera]\nstart_paused = true\n")
    with daemon(tmp_path, "--config", config) as running:
        running.wait_for("WATCHDOG")
        assert "0 frames" in running.stop()
    assert WATCHING not in str(running.told)


def test_while_paused_the_camera_is_closed(tmp_path: Path, mjpeg: MjpegServer) -> None:
    with daemon(tmp_path, source=mjpeg.url) as running:
        running.wait_for(WATCHING)
        assert mjpeg.visitors == 1
        running.process.send_signal(signal.SIGUSR1)
        running.wait_for(PAUSED)
        mjpeg.wait_until_left()
        running.process.send_signal(signal.SIGUSR2)
        running.wait_for(WATCHING)
        assert mjpeg.visitors == 1
        running.stop()


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="a camera is plugged in here")
def test_the_demo_does_not_stand_in_for_a_camera_unplugged_during_the_pause(tmp_path: Path) -> None:
    standin = standin_variables(tmp_path, np.full((2, 480, 640), 99, np.uint8))
    with daemon(tmp_path, source="auto", **standin) as running:
        running.wait_for("STATUS=watching picamera")
        running.process.send_signal(signal.SIGUSR1)
        running.wait_for(PAUSED)
        Path(standin["CAMERA_FAULT"]).write_text("unplugged")
        running.process.send_signal(signal.SIGUSR2)
        _, diagnostics = running.process.communicate(timeout=30)
    assert running.process.returncode == 1
    assert "no camera found: " in diagnostics
    assert "demo" not in diagnostics


def test_a_stop_while_paused_or_while_nothing_comes_takes_no_time(tmp_path: Path, mjpeg: MjpegServer) -> None:
    mjpeg.silent = True
    config = tmp_path / "settings.toml"
    config.write_text("[camera]\ntimeout_seconds = 60.0\n")  # longer than systemd's TimeoutStopSec= of 15
    with daemon(tmp_path, "--config", config, source=mjpeg.url) as running:
        running.wait_for("STATUS=waiting")
        running.process.send_signal(signal.SIGTERM)
        _, diagnostics = running.process.communicate(timeout=15)
    assert running.process.returncode == 0, diagnostics
    assert "does not answer and is left open" in diagnostics


def test_the_file_lies_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert flag_path() == Path("logs/paused")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/emotion-edge")
    assert flag_path() == Path("/var/lib/emotion-edge/paused")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setattr(places, "PROJECT", Path("/opt/emotion-edge/releases/0.1.0-abc"))
    assert flag_path() == Path("/var/lib/emotion-edge/paused")


def test_a_pause_that_cannot_be_written_is_said_in_one_line(program: Program, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    done = program("pause")
    assert done.returncode == 1
    assert done.stderr.count("ERROR") == 1
