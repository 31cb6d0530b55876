"""Signals at every moment of the real daemon's life: what waits is written, and no pause is lost."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cameras import DEMO
from edge.daemon.signals import PAUSE_SIGNALS, Signals, stop_signals
from tests.program import environment

TICK_SECONDS = 0.02


@contextmanager
def held_back() -> Iterator[None]:
    """Block the signals as whoever starts the program may: it inherits that, and gets them once it listens."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {*PAUSE_SIGNALS, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def daemon(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    address = folder / "notify"
    address.unlink(missing_ok=True)
    command = [sys.executable, "-m", "edge", "run", "--source", str(DEMO), "--realtime", *arguments]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        receiver.settimeout(60)
        variables = environment(NOTIFY_SOCKET=str(address), JOURNAL_STREAM="8:1234")
        with held_back():
            process = subprocess.Popen(command, cwd=folder, env=variables, stdout=-1, stderr=-1, text=True)
        with process:
            try:
                yield process, receiver
            finally:
                process.kill()


def wait_for(receiver: socket.socket, state: bytes) -> None:
    while not receiver.recv(300).startswith(state):
        pass


@pytest.mark.parametrize("last", sorted(PAUSE_SIGNALS))
def test_no_pause_is_lost_from_the_first_moment_to_the_last(last: signal.Signals, tmp_path: Path) -> None:
    flag = tmp_path / "logs" / "paused"
    with daemon(tmp_path) as (process, receiver):
        receiver.settimeout(TICK_SECONDS)
        told: list[bytes] = []
        for tick in range(10_000):
            process.send_signal(sorted(PAUSE_SIGNALS)[tick % 2])
            try:
                told.append(receiver.recv(300))
            except TimeoutError:
                continue
            if sum(state.startswith(b"STATUS=") for state in told) > 10:
                break
        while flag.exists() != (tick % 2 == 0):  # of two that wait at the same time, nobody knows which came first
            assert process.poll() is None
            time.sleep(TICK_SECONDS)
        process.send_signal(last)
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(last)
            time.sleep(TICK_SECONDS)
        _, diagnostics = process.communicate()
    assert process.returncode == 0, diagnostics
    assert "Traceback" not in diagnostics
    assert flag.exists() == (last == signal.SIGUSR1)


def test_a_pause_sent_before_the_first_line_of_python_outlives_a_start_that_fails(tmp_path: Path) -> None:
    with daemon(tmp_path, "--config", "missing.toml") as (process, _):
        process.send_signal(signal.SIGUSR1)
        assert process.wait(60) == 78
    assert (tmp_path / "logs" / "paused").read_text() == "signal\n"


def test_a_stop_sent_before_the_first_line_of_python_opens_no_camera(tmp_path: Path) -> None:
    with daemon(tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        _, diagnostics = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "ended by SIGTERM" in diagnostics
    assert "watching" not in diagnostics


def test_nohup_outlives_a_logout(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with daemon(tmp_path) as (process, receiver):
            wait_for(receiver, b"READY=1")
            process.send_signal(signal.SIGHUP)
            for _ in range(5):
                wait_for(receiver, b"WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            assert "ended by SIGTERM" in process.communicate(timeout=60)[1]
    finally:
        signal.signal(signal.SIGHUP, before)


ONE_OF_EACH = [number for number in stop_signals() if number <= signal.SIGRTMIN]


@pytest.mark.parametrize("number", ONE_OF_EACH, ids=str)
def test_what_waits_is_written_whatever_signal_ends_it(number: int, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[log]\ncommit_seconds = 600.0\ninterval_seconds = 0.1\n")
    with daemon(tmp_path, "--config", "settings.toml") as (process, receiver):
        wait_for(receiver, b"READY=1")
        for _ in range(8):
            wait_for(receiver, b"WATCHDOG=1")
        process.send_signal(number)
        _, diagnostics = process.communicate(timeout=60)
    assert process.returncode == 0, diagnostics
    database = sqlite3.connect(tmp_path / "logs" / "emotions.db")
    rows = database.execute("SELECT count(*) FROM observations").fetchone()[0]
    database.close()
    assert rows >= 4
    assert f"{rows} rows in " in diagnostics


def test_a_dead_pipe_of_somebody_else_does_not_end_it(tmp_path: Path) -> None:
    with daemon(tmp_path) as (process, receiver):
        wait_for(receiver, b"READY=1")
        process.send_signal(signal.SIGPIPE)
        for _ in range(3):
            wait_for(receiver, b"WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


TWO_AT_ONCE = """
import ctypes, os, signal
from edge.daemon.signals import Signals
signals, kept = Signals(), []
signals.listen()
signals.keep_pause(kept.append)
kill = ctypes.PyDLL(None).kill  # called by C code twice, so that no handler runs between the two
print(*map(kill, [os.getpid()] * 2, [signal.SIGUSR2, signal.SIGUSR1]))
signals.take()
print(kept)
"""


def test_signals_are_taken_in_their_order_however_late() -> None:
    """Python by itself calls waiting handlers by their numbers, and SIGUSR2's would be the last one here."""
    command = [sys.executable, "-c", TWO_AT_ONCE]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "0 0\n[True]\n"


def test_a_crash_stays_a_crash_and_a_window_may_change_its_size() -> None:
    left_alone = {signal.SIGSEGV, signal.SIGABRT, signal.SIGWINCH, signal.SIGCHLD, signal.SIGTSTP, signal.SIGPIPE}
    assert not left_alone & set(stop_signals())
    assert {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGALRM} <= set(stop_signals())
    assert not Signals().stop_came
