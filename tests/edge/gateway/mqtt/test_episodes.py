"""Episodes on their way: what the broker did not acknowledge is sent again, and nothing else is."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.gateway.mqtt.cursor import NAME, Cursor
from edge.gateway.mqtt.episodes import EpisodeSender
from edge.gateway.mqtt.payloads import utc_now
from edge.gateway.mqtt.topics import Topics
from tests.fakes.eventlog import AT_ONCE, Clock, face, fill, open_log
from tests.fakes.mqtt import FakeBroker, FakeSent


class Rig:
    def __init__(
        self,
        folder: Path,
        details: bool = False,
        broker: FakeBroker | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.broker = broker or FakeBroker()
        self.log = folder / "log.db"
        self.now_s = 0.0
        self.cursor_file = folder / NAME
        self.sender = EpisodeSender(
            self.broker,
            Topics("hall"),
            Cursor(self.cursor_file),
            lambda: self.log,
            "Hall",
            details,
            10.0,
            clock or (lambda: self.now_s),
        )

    def look(self) -> None:
        while self.sender.look():
            pass

    @property
    def ends(self) -> list[str]:
        """Ids of the `end` events, in the order of their coming."""
        return [message.json["id"] for message in self.broker.of("/events") if message.json["type"] == "end"]


class SilentBroker(FakeBroker):
    """Takes everything, and acknowledges nothing."""

    def publish(self, topic: str, payload: bytes | str, qos: int = 0, retain: bool = False) -> FakeSent | None:
        sent = super().publish(topic, payload, qos, retain)
        if sent:
            sent.published = False
        return sent


class Ticking:
    """A clock that goes on by a second at each look at it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1
        return self.now_s


def kinds(rig: Rig) -> list[tuple[str, str]]:
    return [(message.json["type"], message.json["emotion"]) for message in rig.broker.of("/events")]


def test_new_update_and_end_have_the_same_id(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    clock = Clock()
    with open_log(rig.log, AT_ONCE, clock) as events:
        events.start_run("test", "model", clock.now)
        for second, emotion in enumerate(["happy", "happy", "sad"]):
            events.record([face(1, emotion)], float(second), clock.now)
            clock.go_on(1)
            rig.look()
        events.record([face(1, "sad")], 9.0, clock.now)
        rig.look()
    assert kinds(rig) == [
        ("new", "happy"),
        ("update", "happy"),
        ("new", "sad"),
        ("end", "happy"),
        ("end", "sad"),
        ("new", "sad"),
    ]
    first = [message.json["id"] for message in rig.broker.of("/events") if message.json["emotion"] == "happy"]
    assert len(set(first)) == 1
    end = rig.broker.of("/events")[3].json
    assert end | {"sent_utc": "", "id": ""} == {
        "type": "end",
        "event_type": "end",
        "id": "",
        "device": "Hall",
        "emotion": "happy",
        "start_utc": "2026-11-22T12:00:00.250+00:00",
        "end_utc": "2026-11-22T12:00:01.250+00:00",
        "seconds": 1.0,
        "mean_score": 0.8,
        "sent_utc": "",
    }


def test_the_track_is_told_only_where_details_are_asked_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path, details=True)
    fill(rig.log, 30)
    rig.look()
    assert rig.broker.of("/events")[0].json["track"] == 1


def test_a_log_that_is_silent_ends_its_last_episode(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 5)
    rig.look()
    assert kinds(rig) == [("new", "angry")]
    rig.now_s = 39.0
    rig.look()
    assert len(rig.ends) == 0
    rig.now_s = 41.0
    rig.look()
    assert kinds(rig) == [("new", "angry"), ("end", "angry")]
    rig.look()
    assert len(rig.ends) == 1


@pytest.mark.parametrize("acknowledged", [0, 1, 3, 19, 20, 21, 30])
def test_what_was_not_acknowledged_comes_again_in_order(tmp_path: Path, acknowledged: int) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 400)
    rig.broker.acknowledges = acknowledged
    rig.look()
    before = len(rig.ends)
    rig.broker.connect_again()
    rig.look()
    again = rig.ends[before:]
    assert again == [f"{again[0].partition('-')[0]}-{number}" for number in range(1 + 10 * acknowledged, 390, 10)]


@pytest.mark.parametrize("acknowledged", [0, 7, 25])
def test_a_gateway_that_was_killed_begins_where_the_broker_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    killed = Rig(tmp_path)
    fill(killed.log, 400)
    killed.broker.acknowledges = acknowledged
    killed.look()
    rig = Rig(tmp_path)
    rig.look()
    assert rig.ends[0].endswith(f"-{1 + 10 * acknowledged}")
    assert len(rig.ends) == 39 - acknowledged


def test_a_broker_that_acknowledges_nothing_is_left_for_a_new_connection(tmp_path: Path) -> None:
    rig = Rig(tmp_path, broker=SilentBroker(), clock=Ticking())
    fill(rig.log, 100)
    rig.sender.look()
    assert rig.broker.dropped == 1
    assert not rig.sender.look(), "nothing is sent without a connection"


def test_a_spoiled_cursor_means_all_once_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = Rig(tmp_path)
    fill(first.log, 100)
    first.look()
    first.cursor_file.write_text('{"spoiled')
    rig = Rig(tmp_path)
    rig.look()
    assert rig.ends == first.ends
    assert "sent again" in caplog.text


def test_a_cursor_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 300)
    rig.cursor_file.with_suffix(".new").mkdir()
    rig.look()
    assert len(rig.ends) == len(set(rig.ends)) == 29
    assert caplog.text.count("cannot be written") == 1
    rig.cursor_file.with_suffix(".new").rmdir()
    fill(rig.log, 20)
    rig.look()
    assert Cursor(rig.cursor_file).mark(rig.ends[0].partition("-")[0]).observation == 310


def test_each_log_has_a_place_of_its_own(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 100)
    rig.look()
    camera, rig.log = rig.log, tmp_path / "demo.db"
    fill(rig.log, 50)
    rig.look()
    assert len(set(rig.ends)) == 9 + 4
    rig.log = camera
    rig.look()
    assert len(rig.ends) == 9 + 4, "nothing twice"


def test_what_is_deleted_unsent_is_counted_over_restarts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 100)
    rig.broker.acknowledges = 2
    rig.look()
    _delete(rig.log, "DELETE FROM episodes WHERE id <= 6")
    rig.broker.connect_again()
    rig.look()
    assert rig.sender.deleted == 4
    assert "4 episodes were deleted" in caplog.text
    rig = Rig(tmp_path)
    fill(rig.log, 10)
    rig.look()
    assert rig.sender.deleted == 4


def test_home_assistants_automations_hear_only_of_what_is_new(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    fill(rig.log, 100)
    rig.look()
    assert len(rig.ends) == 9 and not rig.broker.of("/ha_event"), "these ended days ago"
    _delete(rig.log, f"UPDATE episodes SET end_utc = '{utc_now()}'")
    rig.cursor_file.unlink()
    rig = Rig(tmp_path)
    rig.look()
    assert len(rig.broker.of("/ha_event")) == 9
    assert {message.json["event_type"] for message in rig.broker.of("/ha_event")} == {"end"}


def test_no_log_a_strange_file_and_an_old_log_are_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path)
    rig.look()
    assert not caplog.text
    rig.log.write_bytes(b"no database" * 1000)
    rig.look()
    rig.look()
    assert caplog.text.count("no episodes go to the MQTT broker") == 1
    rig.log.unlink()
    fill(rig.log, 100)
    _delete(rig.log, "PRAGMA application_id = 0")
    rig.look()
    assert "older version" in caplog.text and not rig.ends
    fill(rig.log, 1)
    rig.look()
    assert len(rig.ends) == 10


def _delete(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)
