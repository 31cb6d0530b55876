"""The real daemon, as a process: what it logs, how it stops, what it says when it cannot run."""

import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.settings import PROJECT
from tests.fakes.picamera2 import standin_variables
from tests.program import Program, environment, errors


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f"[log]\npath = '{tmp_path}/log.db'\ninterval_seconds = 0.5\n")
    return path


@pytest.fixture
def short_folder(tmp_path: Path, demo_frames: list[np.ndarray]) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(demo_frames):
        cv2.imwrite(str(folder / f"{number}.png"), frame)
    return folder


def logged(folder: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(folder / "log.db")
    found = database.execute(query).fetchall()
    database.close()
    return found


def rows(log: Path) -> int:
    with closing(sqlite3.connect(log)) as database:
        count: int = database.execute("SELECT count(*) FROM observations").fetchone()[0]
    return count


def test_a_folder_is_analyzed_logged_and_shown(
    program: Program, config: Path, short_folder: Path, tmp_path: Path
) -> None:
    done = program("run", "--config", config, "--source", short_folder)
    assert done.returncode == 0, done.stderr
    assert "#1 happy" in done.stdout
    assert logged(tmp_path, "SELECT count(*) FROM observations") == [(8,)]  # 4 frames with one face, 2 with two
    assert logged(tmp_path, "SELECT source FROM runs") == [(str(short_folder),)]
    assert "8 rows" in done.stderr


@pytest.mark.parametrize("damaged", [False, True])
def test_a_service_at_the_end_of_its_files_is_not_started_again(
    damaged: bool, program: Program, config: Path, short_folder: Path, tmp_path: Path
) -> None:
    if damaged:
        (short_folder / "00_first.jpg").write_text("no picture")
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        done = program("run", "--config", config, "--source", short_folder, NOTIFY_SOCKET=str(address))
    assert done.returncode == 3, done.stderr
    unit = (PROJECT / "systemd/emotion-edge.service").read_text()
    assert "\nRestartPreventExitStatus=2 3 78\n" in unit


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="a camera is plugged in here")
def test_without_a_camera_the_demo_runs_to_its_end_and_leaves_a_log(program: Program, tmp_path: Path) -> None:
    done = program("run")
    assert done.returncode == 0, done.stderr
    assert "showing the demo" in done.stderr
    assert "happy" in done.stdout
    assert len(done.stdout.splitlines()) < 15
    assert "python -m edge report --log logs/demo.db" in done.stderr
    assert rows(tmp_path / "logs" / "demo.db") > 5
    assert rows(tmp_path / "logs" / "emotions.db") == 0


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="a camera is plugged in here")
def test_a_log_named_on_the_command_line_takes_all(program: Program, tmp_path: Path, short_folder: Path) -> None:
    assert program("run", "--log", "mine.db", "--source", short_folder).returncode == 0
    assert rows(tmp_path / "mine.db") == 8
    done = program("run", "--log", "mine.db")
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "mine.db") > 8
    assert not list((tmp_path / "logs").glob("*.db"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_after_systemd_heard_of_it(
    number: signal.Signals, config: Path, tmp_path: Path
) -> None:
    address = tmp_path / "notify"
    command = [sys.executable, "-m", "edge", "run", "--config", str(config), "--source", str(DEMO), "--realtime"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(address))
        receiver.settimeout(60)
        variables = environment(NOTIFY_SOCKET=str(address))
        with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=-1, stderr=-1, text=True) as process:
            states = [receiver.recv(200) for _ in range(5)]
            process.send_signal(number)
            while (state := receiver.recv(200)) == b"WATCHDOG=1":
                pass
            output, diagnostics = process.communicate(timeout=30)
    assert states == [f"STATUS=watching {DEMO}".encode(), b"READY=1\nWATCHDOG=1", *[b"WATCHDOG=1"] * 3]
    assert state == b"STOPPING=1"
    assert process.returncode == 0, diagnostics
    assert "Traceback" not in output + diagnostics
    assert logged(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_a_pi_camera_that_stops_ends_it_for_systemd_to_restart(program: Program, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text() + "[camera]\nreconnect_seconds = 1.0\n")
    with VideoFile(DEMO) as demo:
        frames = [frame.gray for frame in islice(iter(demo.read, None), 12)]
    standin = standin_variables(tmp_path, np.stack(frames), fault="ten frames")
    done = program("run", "--config", config, "--source", "auto", **standin)
    assert done.returncode == 1
    assert ["Pi camera: no frame" in line for line in errors(done)] == [True]
    assert "#1 happy" in done.stdout
    assert "trying again in 0.5 s" in done.stderr
    assert logged(tmp_path, "SELECT source FROM runs") == [("picamera",)]
    assert logged(tmp_path, "SELECT DISTINCT emotion FROM observations") == [("happy",)]


def test_damaged_images_are_named_and_the_rest_is_logged(
    program: Program, config: Path, short_folder: Path, tmp_path: Path
) -> None:
    (short_folder / "00_first.jpg").write_text("no picture")
    (short_folder / "zz_last.png").write_bytes((short_folder / "0.png").read_bytes()[:1000])
    done = program("run", "--config", config, "--source", short_folder)
    assert done.returncode == 1
    assert [line.split(":")[0].rsplit("/")[-1] for line in errors(done)] == ["00_first.jpg", "zz_last.png"]
    assert logged(tmp_path, "SELECT count(*) FROM observations") == [(8,)]


def test_in_the_journal_there_is_no_line_an_emotion(program: Program, config: Path, short_folder: Path) -> None:
    done = program("run", "--config", config, "--source", short_folder, JOURNAL_STREAM="8:1234")
    assert done.returncode == 0
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("settings", "source", "code", "words"),
    [
        ("", "usb:97", 1, "/dev/video97 is not there"),
        ("", "nowhere.mp4", 2, "no such file or folder"),
        ("[classifier]\nmodel = 'none.tflite'", "x", 78, "no such model"),
        ("[detector]\nkind = 'yunet'\nyunet_model = 'none.onnx'", "x", 78, "fetch-yunet"),
        ("[camera]\nfps = 3", "x", 78, "camera.fps"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    program: Program, tmp_path: Path, settings: str, source: str, code: int, words: str
) -> None:
    config = tmp_path / "settings.toml"
    config.write_text(settings)
    done = program("run", "--config", config, "--source", source)
    assert done.returncode == code, done.stderr
    assert len(errors(done)) == 1
    assert words in done.stderr


def test_usage_errors_exit_with_2(program: Program) -> None:
    assert program("walk").returncode == 2
    assert program("run", "--speed").returncode == 2
    assert program("run", "--help").returncode == 0
    assert program("--version").stdout.startswith("emotion-edge ")


def test_a_full_disk_under_the_log_is_said_in_one_line(tmp_path: Path, short_folder: Path, program: Program) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        config = tmp_path / "full.toml"
        config.write_text(f"[log]\npath = '{disk}/log.db'\ninterval_seconds = 0.1\n")
        done = program("run", "--config", config, "--source", short_folder)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 1, done.stderr
    assert len(errors(done)) == 1
    assert "cannot write the event log" in errors(done)[0]
