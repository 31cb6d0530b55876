"""Nobody reads what the daemon prints: it goes on, and stops when it is told to."""

import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.cameras import DEMO
from edge.daemon.streams import DroppingStream
from tests.program import Program, environment

RUN = [sys.executable, "-m", "edge", "run", "--source", str(DEMO), "--realtime"]
FRAMES = 25  # a second and more of the demo, so that lines are due


def full_pipe() -> int:
    """The end of a pipe that takes nothing more; its reader lives and sleeps."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    readers.append(reader)
    return writer


def nearly_full_pipe() -> int:
    """As `full_pipe`, with room for a part of a line."""
    writer = full_pipe()
    os.read(readers[-1], 4096 * 2)
    return writer


def dead_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def full_socket() -> int:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            theirs.send(b"x" * 4096)
    theirs.setblocking(True)
    readers.append(ours.detach())
    return theirs.detach()


def stopped_terminal() -> int:
    """A terminal on which somebody pressed Ctrl-S."""
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    readers.append(ours)
    return theirs


NOBODY = [full_pipe, nearly_full_pipe, dead_pipe, full_disk, full_socket, stopped_terminal]
readers: list[int] = []


@pytest.fixture(autouse=True)
def closed_readers() -> Iterator[None]:
    yield
    while readers:
        os.close(readers.pop())


@contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(folder / "notify"))
        receiver.settimeout(60)
        yield receiver


def goes_on_and_stops(process: subprocess.Popen[bytes], receiver: socket.socket) -> None:
    handled = 0
    while handled < FRAMES:
        handled += b"WATCHDOG=1" in receiver.recv(300)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


@pytest.mark.parametrize("nobody", NOBODY)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_it_goes_on_where_nobody_reads(nobody: Callable[[], int], stream: str, tmp_path: Path) -> None:
    descriptor = nobody()
    with listening(tmp_path) as receiver, (tmp_path / "other.txt").open("w+b") as other:
        streams = {"stdout": other, "stderr": other} | {stream: descriptor}
        variables = environment(NOTIFY_SOCKET=str(tmp_path / "notify"))
        with subprocess.Popen(RUN, cwd=tmp_path, env=variables, **streams) as process:
            os.close(descriptor)
            try:
                goes_on_and_stops(process, receiver)
            finally:
                process.kill()
        other.seek(0)
        said = other.read()
    assert b"Traceback" not in said
    assert b"Exception ignored" not in said
    assert (b"happy" in said) == (stream == "stderr")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_runs_with_closed_streams_and_its_log_stays_whole(closed: str, tmp_path: Path) -> None:
    with listening(tmp_path) as receiver:
        variables = environment(NOTIFY_SOCKET=str(tmp_path / "notify"))
        shell = ["bash", "-c", f'exec "$@" {closed}', "bash", *RUN]
        with subprocess.Popen(shell, cwd=tmp_path, env=variables, stdout=-1, stderr=-1) as process:
            try:
                goes_on_and_stops(process, receiver)
                said = b"".join(process.communicate())
            finally:
                process.kill()
    assert b"Traceback" not in said
    assert (tmp_path / "logs" / "emotions.db").read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("closed", [">&-", "> /dev/full"])
@pytest.mark.parametrize("command", ["export --log logs/emotions.db", "settings", "doctor"])
def test_other_commands_say_that_their_words_went_nowhere(
    command: str, closed: str, program: Program, tmp_path: Path
) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    (frames / "0.png").write_bytes(Path(DEMO).read_bytes()[:100])
    program("run", "--source", frames)
    shell = ["bash", "-c", f'"{sys.executable}" -m edge {command} {closed}']
    done = subprocess.run(shell, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_text_is_whole_or_dropped_and_counted(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    stream = DroppingStream(writer)
    lines = [f"{number:4} {'x' * 994}\n" for number in range(20)]
    for line in lines:
        stream.write(line)
    seen = os.read(reader, 100_000).decode()
    stream.write("the last\n")
    seen += os.read(reader, 100_000).decode()
    os.close(reader)
    os.close(writer)
    assert seen == "".join(lines[:4]) + "the last\n"
    assert stream.dropped == 16


def test_the_shells_own_descriptor_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    DroppingStream(theirs).write("one line\n")
    assert os.get_blocking(theirs)
    assert os.read(ours, 100) == b"one line\r\n"
    os.close(ours)
    os.close(theirs)


def test_a_file_is_added_to_where_others_write_too(tmp_path: Path) -> None:
    with (tmp_path / "out.txt").open("w+") as file:
        file.write("before\n")
        file.flush()
        DroppingStream(file.fileno()).write("after\n")
        file.seek(0)
        assert file.read() == "before\nafter\n"
