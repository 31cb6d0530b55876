"""Who is notified, and when: rules under a clock of the test's, and a real address on loopback."""

import http.server
import json
import sys
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.gateway.notify.notifications import Notifications, day_of_last_face, notifications_of
from edge.gateway.notify.rules import Rule, Watch, is_quiet
from edge.gateway.notify.told import NEVER, Told
from edge.settings import NotifySettings
from tests.fakes import gateway
from tests.fakes.clock import FakeClock
from tests.fakes.eventlog import NOON as START
from tests.fakes.eventlog import fill
from tests.fakes.live import FakeDaemon, face, live
from tests.program import Program

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PLENTY_MB = 10_000.0


class Device:
    """A camera that a rule looks at as time goes on."""

    def __init__(self, when: str, day: date | None = None, told_seconds_ago: float = NEVER, **settings: Any) -> None:
        self.clock = FakeClock()
        self.now = NOON
        self._watch = Watch(day, self.clock)
        chosen = {"when": when, "urls_file": "/none"} | settings
        self._rule = Rule(msgspec.convert(chosen, NotifySettings), self.clock, told_seconds_ago)

    def after(self, seconds: float, message: dict[str, Any] | None = None, free_mb: float = PLENTY_MB) -> str:
        """What is told, so many seconds later."""
        self.clock.sleep(seconds)
        self.now += timedelta(seconds=seconds)
        return self._rule.look(self._watch.moment(message, free_mb, self.now))


def camera(state: str) -> dict[str, Any]:
    return live(1, [], camera={"state": state, "text": "", "name": ""})


def shown(emotion: str, seconds: float = 9.0, certain: bool = True) -> dict[str, Any]:
    return face(1, emotion, certain=certain) | {"since_s": seconds}


def test_an_emotion_counts_once_it_lasted_and_is_certain() -> None:
    device = Device("emotion", emotions=["angry", "fear"])
    assert device.after(1, live(1, [shown("angry", 4.9)])) == ""
    assert device.after(1, live(1, [shown("angry", certain=False)])) == ""
    assert device.after(1, live(1, [shown("happy")])) == ""
    assert device.after(1, live(1, [shown("angry", 5.0)])) == "For 5 seconds a face has shown: angry."
    assert device.after(900, live(1, [shown("fear"), shown("angry")])) == "For 5 seconds a face has shown: angry, fear."


def test_a_rule_tells_at_most_every_so_many_minutes() -> None:
    device = Device("emotion", emotions=["angry"], for_seconds=1.0, every_minutes=10.0)
    angry = live(1, [shown("angry")])
    assert device.after(1, angry)
    assert device.after(599, angry) == ""
    assert device.after(1, angry)


def test_a_restart_tells_nothing_again_too_soon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "notified.json"
    Told(file).note("card", NOON)
    told = Told(file)
    assert told.seconds_ago("card", NOON + timedelta(seconds=60)) == 60
    assert told.seconds_ago("card", NOON - timedelta(days=1)) == told.seconds_ago("other", NOON) == NEVER
    full = Device("disk_full", told_seconds_ago=60.0)
    assert full.after(839, None, 0.0) == ""
    assert full.after(1, None, 0.0)
    for spoiled in ("{", '{"card": 1}', '{"card": "2026-11-28T12:00:00"}', "[]"):
        file.write_text(spoiled)
        assert Told(file).seconds_ago("card", NOON) == NEVER
    Told(tmp_path / "none" / "notified.json").note("card", NOON)
    assert "cannot be written" in caplog.text


def test_the_first_face_of_each_day() -> None:
    device = Device("first_face")
    assert device.after(1, live(1, [])) == ""
    assert device.after(1, live(1)) == "The first face of the day."
    assert device.after(3600, live(1)) == ""
    assert device.after(24 * 3600, live(1)) == "The first face of the day."


def test_a_face_that_the_log_has_makes_nobody_the_first_after_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "emotions.db"
    assert day_of_last_face(log, NOON) is None
    fill(log, 3)
    day = START.date()
    assert day_of_last_face(log, START + timedelta(hours=1)) == day
    assert day_of_last_face(log, START + timedelta(days=1)) is None
    assert Device("first_face", day=NOON.date()).after(1, live(1)) == ""


def test_a_camera_that_is_gone_is_told_and_a_paused_one_is_not() -> None:
    device = Device("camera_gone")
    assert device.after(600, camera("watching")) == ""
    assert device.after(119, camera("waiting")) == ""
    assert device.after(1, camera("waiting")) == "The camera has given no picture for 2 minutes."
    assert device.after(60, camera("paused")) == ""
    assert device.after(119, None) == ""
    device.after(3600, camera("watching"))
    assert device.after(120, None) == "The camera has given no picture for 2 minutes."
    assert Device("camera_gone", for_seconds=10.0).after(10) == "The camera has given no picture for 10 seconds."


def test_a_disk_that_is_nearly_full() -> None:
    device = Device("disk_full")
    assert device.after(1, None, 500.0) == ""
    assert device.after(1, None, 499.4) == "The disk of the log has 499 MB left."
    assert Device("disk_full", free_mb=2000.0).after(1, None, 1999.0)


def test_in_quiet_hours_nothing_is_told_and_afterwards_what_still_is_so() -> None:
    first = Device("first_face", quiet="11:00-13:00")
    assert first.after(1, live(1)) == ""
    assert first.after(2 * 3600, live(1)) == ""
    disk = Device("disk_full", quiet="11:00-13:00")
    assert disk.after(1, None, 0.0) == ""
    assert disk.after(3600, None, 0.0) == "The disk of the log has 0 MB left."


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
        with self.server.changed:  # type: ignore[attr-defined]
            self.server.came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
            self.server.changed.notify_all()  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.came = []  # type: ignore[attr-defined]
        server.changed = threading.Condition()  # type: ignore[attr-defined]
        server.status = 200  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def configure(folder: Path, urls: str, *rules: str) -> Path:
    """Settings with `rules`, one of the first face if none is given."""
    (folder / "urls").write_text(urls)
    tables = [f'[[notify]]\nurls_file = "{folder / "urls"}"\n{rule}\n' for rule in rules or ['when = "first_face"']]
    config = folder / "settings.toml"
    config.write_text('[device]\nname = "Hall"\n' + "".join(tables))
    return config


def test_a_test_notification_by_each_rule_arrives(tmp_path: Path, program: Program, receiver: Any) -> None:
    pytest.importorskip("apprise")
    urls = f"# me\njson://user:secret@127.0.0.1:{receiver.server_port}/hook\n"
    config = configure(tmp_path, urls, 'when = "first_face"', 'when = "disk_full"\nname = "card"')
    done = program("notify", "test", "--config", config)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "first_face: sent; addresses: 1\ncard: sent; addresses: 1\n"
    assert [(came["title"], came["message"]) for came in receiver.came] == [
        ("Hall", f"This is a test of the rule {name}: its notifications arrive.") for name in ("first_face", "card")
    ]
    assert not receiver.came[0].get("attachments")
    receiver.status = 500
    done = program("notify", "test", "--config", config)
    assert done.returncode == 1
    assert "first_face, card: not all addresses took it" in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize("urls", ["", "# nobody\n", "nonsense://secret-word\n", "no address, but secret-word\n"])
def test_a_file_without_an_address_is_refused_without_being_shown(tmp_path: Path, program: Program, urls: str) -> None:
    pytest.importorskip("apprise")
    done = program("notify", "test", "--config", configure(tmp_path, urls))
    assert done.returncode == 78
    assert "secret-word" not in done.stderr + done.stdout


def test_without_a_rule_and_without_the_file_it_is_said(tmp_path: Path, program: Program) -> None:
    pytest.importorskip("apprise")
    assert "[[notify]]" in program("notify", "test").stderr
    config = configure(tmp_path, "")
    (tmp_path / "urls").unlink()
    done = program("notify", "test", "--config", config)
    assert done.returncode == 78
    assert f"urls_file: {tmp_path / 'urls'} cannot be read (No such file or directory)" in done.stderr


def test_without_their_library_the_page_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setitem(sys.modules, "apprise", None)  # as Python marks what is not to be had
    with gateway.rig(tmp_path, tomllib.loads(configure(tmp_path, "json://localhost").read_text())) as rig:
        assert notifications_of(rig.gateway) is None
    assert "nobody is notified: notifications need apprise" in caplog.text
    with gateway.rig(tmp_path) as rig:
        assert notifications_of(rig.gateway) is None


@pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")  # a library of apprise, under Python 3.11
def test_the_gateway_notifies_by_its_rules(tmp_path: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    pytest.importorskip("apprise")
    config = configure(
        tmp_path,
        f"json://127.0.0.1:{receiver.server_port}/hook\n",
        'when = "first_face"',
        'when = "emotion"\nemotions = ["happy"]\nfor_seconds = 3',
        'when = "emotion"\nname = "sad"\nemotions = ["sad"]',
        'when = "disk_full"\nfree_mb = 0.001',
    )
    told = {"The first face of the day.", "For 3 seconds a face has shown: happy."}
    with gateway.rig(tmp_path, tomllib.loads(config.read_text())) as rig, FakeDaemon(rig.socket) as daemon:
        notifications = Notifications(rig.gateway)
        notifications.start()
        with receiver.changed:
            assert receiver.changed.wait_for(lambda: len(receiver.came) >= len(told), 30)
        assert daemon.clients == 1
        notifications.close()
    assert {came["message"] for came in receiver.came} == told
    assert len(receiver.came) == len(told)
    assert sorted(json.loads((tmp_path / "notified.json").read_text())) == ["emotion", "first_face"]
