"""What befalls the page's process, or the log below it, and what goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes import eventlog
from tests.fakes.device import Device, next_picture
from tests.fakes.gateway import Rig
from tests.fakes.live_daemon import Looker
from tests.fakes.picamera2 import standin_variables

LOG_PATHS = ("/api/history", "/api/episodes", "/api/export.csv")


def test_a_gateway_that_is_killed_leaves_the_daemon_unmoved(tmp_path: Path) -> None:
    """In the middle of a stream of pictures; another gateway then finds the same daemon."""
    frames = np.full((2, 480, 640), 99, np.uint8)
    device = Device(tmp_path, **standin_variables(tmp_path, frames))
    with device.running("run", "--source", "picamera") as daemon:
        for _ in range(2):
            with device.running("gateway") as gateway:
                device.wait_until_it_answers()
                pictures = device.ask("/stream.mjpg", **device.bearer)
                assert next_picture(pictures).startswith(b"\xff\xd8")
                with Looker(device.socket) as looker:
                    before = looker.next_live("watching")
                    gateway.kill()
                    gateway.wait()
                    after = [looker.next("live") for _ in range(20)]
            assert [message["camera"]["state"] for message in after] == ["watching"] * 20
            assert not any(message["paused"] for message in after)
            assert after[-1]["sequence"] >= before["sequence"] + 20
            assert daemon.poll() is None
    device.close()
    assert daemon.returncode == 0
    assert "Traceback" not in device.told


def ask(rig: Rig, path: str) -> Any:
    return rig.app.test_client().get(path, headers=rig.bearer)


def test_a_locked_log_is_told_and_read_again_once_it_is_free(rig: Rig) -> None:
    eventlog.fill(rig.gateway.log, 30, eventlog.AT_ONCE)
    with closing(sqlite3.connect(rig.gateway.log, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        for path in LOG_PATHS:
            answer = ask(rig, path)
            assert answer.status_code == 503
            assert "locked" in answer.json["error"]
        for path in ("/", "/api/now", "/api/health", "/healthz", "/notice"):
            assert ask(rig, path).status_code == 200, "what needs no log"
    for path in LOG_PATHS:
        assert ask(rig, path).status_code == 200


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_a_log_that_is_set_aside_makes_room_for_the_new_one(ending: str, rig: Rig) -> None:
    """As the daemon does with a damaged one, while the page is open."""
    log = rig.gateway.log
    eventlog.fill(log, 200, eventlog.AT_ONCE)
    assert ask(rig, "/api/history").json["faces"] == 4
    for part in (log, log.with_name(f"{log.name}-wal")):
        if part.exists():
            part.rename(f"{log}.damaged-20261128T000000Z{'-wal' if part != log else ''}")
    if ending:
        log.with_name(f"{log.name}{ending}").write_bytes(b"x" * 5000)  # a rest of the old one
    assert ask(rig, "/api/history").status_code == 404
    eventlog.fill(log, 20, eventlog.AT_ONCE)
    assert ask(rig, "/api/history").json["faces"] == 1
    assert ask(rig, "/api/health").json["log"]["set_aside"] == ["emotions.db.damaged-20261128T000000Z"]


def test_a_log_with_a_damaged_page_shows_what_can_be_read(rig: Rig) -> None:
    log = rig.gateway.log
    eventlog.fill(log, 5000, eventlog.AT_ONCE)
    with closing(sqlite3.connect(log)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(log.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    log.write_bytes(content)
    for path in LOG_PATHS:
        assert ask(rig, path).status_code in (200, 503)
    assert ask(rig, "/").status_code == 200
    assert ask(rig, "/api/health").status_code == 200
