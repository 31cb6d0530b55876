"""Who is notified, and when: rules under a clock of the test's, and a real address on loopback."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.gateway.notify.notifications import Rules, is_quiet
from edge.settings import NotifySettings
from tests.fakes.clock import FakeClock
from tests.fakes.live import face, live
from tests.program import Program

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PLENTY_MB = 10_000.0


class Device:
    """A camera whose messages the rules look at as time goes on."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.now = NOON
        self._rules = Rules(NotifySettings(**settings), self.clock)

    def after(self, seconds: float, message: dict[str, Any] | None = None, free_mb: float = PLENTY_MB) -> list[str]:
        self.clock.sleep(seconds)
        self.now += timedelta(seconds=seconds)
        return self._rules.look(message, free_mb, self.now)


def camera(state: str) -> dict[str, Any]:
    return live(1, [], camera={"state": state, "text": "", "name": ""})


def test_an_emotion_counts_once_it_lasted_and_is_certain() -> None:
    device = Device(emotions=("angry",), emotion_seconds=5.0)
    assert device.after(1, live(1, [face(1, "angry") | {"since_s": 4.9}])) == []
    assert device.after(1, live(1, [face(1, "angry", certain=False) | {"since_s": 9.0}])) == []
    assert device.after(1, live(1, [face(1, "happy") | {"since_s": 9.0}])) == []
    assert device.after(1, live(1, [face(1, "angry") | {"since_s": 5.0}])) == ["A face has looked angry for 5 seconds."]


def test_one_kind_is_told_at_most_every_so_many_minutes_and_another_at_once() -> None:
    device = Device(emotions=("angry", "sad"), emotion_seconds=0.0, every_minutes=10.0)
    angry = live(1, [face(1, "angry")])
    assert len(device.after(1, angry)) == 1
    assert device.after(599, angry) == []
    assert len(device.after(0.5, live(1, [face(1, "sad")]))) == 1
    assert len(device.after(0.5, angry)) == 1


def test_the_first_face_of_each_day() -> None:
    device = Device(first_face=True)
    assert device.after(1, live(1, [])) == []
    assert device.after(1, live(1)) == ["The first face of the day."]
    assert device.after(3600, live(1)) == []
    assert device.after(24 * 3600, live(1)) == ["The first face of the day."]


def test_a_camera_that_is_gone_is_told_and_a_paused_one_is_not() -> None:
    device = Device(camera_gone_minutes=2.0)
    assert device.after(600, camera("watching")) == []
    assert device.after(119, camera("waiting")) == []
    assert device.after(1, camera("waiting")) == ["The camera has given no picture for 2 minutes."]
    assert device.after(60, camera("paused")) == []
    assert device.after(119, None) == []
    device.after(3600, camera("watching"))
    assert device.after(120, None) == ["The camera has given no picture for 2 minutes."]


def test_a_disk_that_is_nearly_full() -> None:
    device = Device(disk_free_mb=500.0)
    assert device.after(1, None, 500.0) == []
    assert device.after(1, None, 499.4) == ["The disk of the log has 499 MB left."]


def test_by_default_nothing_is_told() -> None:
    device = Device()
    assert device.after(1e6, live(1, [face() | {"since_s": 1e6}]), 0.0) == []


def test_in_quiet_hours_nothing_is_told_nor_afterwards() -> None:
    device = Device(first_face=True, quiet="11:00-13:00")
    assert device.after(1, live(1)) == []
    assert device.after(2 * 3600, live(1)) == []


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [
        ("", "03:00", False),
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "03:00", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-13:00", "12:30", True),
        ("12:00-13:00", "13:00", False),
    ],
)
def test_quiet_hours(hours: str, clock: str, quiet: bool) -> None:
    assert is_quiet(hours, datetime.fromisoformat(f"2026-11-28T{clock}:00")) is quiet


class Receiver(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_POST(self) -> None:
        self.server.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.came = []  # type: ignore[attr-defined]
        server.status = 200  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def configure(folder: Path, urls: str) -> Path:
    (folder / "urls").write_text(urls)
    config = folder / "settings.toml"
    config.write_text(f'[device]\nname = "Hall"\n[notify]\nurls_file = "{folder / "urls"}"\n')
    return config


def test_a_test_notification_arrives(tmp_path: Path, program: Program, receiver: Any) -> None:
    pytest.importorskip("apprise")
    config = configure(tmp_path, f"# me\njson://user:secret@127.0.0.1:{receiver.server_port}/hook\n")
    done = program("notify", "test", "--config", config)
    assert done.returncode == 0, done.stderr
    assert [(came["title"], came["message"]) for came in receiver.came] == [
        ("Hall", "This is a test: notifications arrive.")
    ]
    assert not receiver.came[0].get("attachments")
    receiver.status = 500
    done = program("notify", "test", "--config", config)
    assert done.returncode == 1
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize("urls", ["", "# nobody\n", "nonsense://secret-word\n", "no address, but secret-word\n"])
def test_a_file_without_an_address_is_refused_without_being_shown(tmp_path: Path, program: Program, urls: str) -> None:
    pytest.importorskip("apprise")
    done = program("notify", "test", "--config", configure(tmp_path, urls))
    assert done.returncode == 78
    assert "secret-word" not in done.stderr + done.stdout
