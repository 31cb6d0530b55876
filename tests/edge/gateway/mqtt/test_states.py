"""What is true now, told to a broker by hand; the clock is the test's."""

from pathlib import Path
from typing import Any

import pytest

from edge.contract import LABELS
from edge.gateway.live import Snapshot
from edge.gateway.mqtt import states
from edge.gateway.mqtt.payloads import state
from edge.gateway.mqtt.states import StatePublisher
from edge.gateway.mqtt.topics import Topics
from tests.fakes.live import HELLO, face, live
from tests.fakes.mqtt import FakeBroker

NAMES = Topics("hall")


class StandStill:
    """A live client whose snapshot is what the test says."""

    def __init__(self) -> None:
        self.snapshot = Snapshot(connected=True, hello=HELLO, live=live())

    def see(self, *faces: dict[str, Any], **changes: Any) -> None:
        self.snapshot = Snapshot(connected=True, hello=HELLO, live=live(2, list(faces), **changes))


class Rig:
    def __init__(self, details: bool = False, announces: bool = True) -> None:
        self.broker = FakeBroker()
        self.client = StandStill()
        self.now_s = 1000.0
        self.announced = 0
        self.switched: list[bool] = []
        self.paused = False
        self.labels: tuple[str, ...] = LABELS
        self.publisher = StatePublisher(
            self.broker,
            NAMES,
            self.client,  # type: ignore[arg-type]
            self.switched.append,
            lambda: self.paused,
            lambda snapshot: {"temperature_celsius": 50.0},
            self.announce if announces else None,
            details,
            lambda: self.now_s,
            lambda act: act(),
            lambda: self.labels,
        )

    def announce(self) -> None:
        self.announced += 1

    def after(self, seconds: float) -> None:
        self.now_s += seconds
        self.publisher.step()


def test_all_is_told_at_the_beginning_and_online_comes_after_the_state() -> None:
    rig = Rig()
    rig.publisher.step()
    topics = [message.topic.removeprefix("emotion-edge/hall/") for message in rig.broker.messages]
    assert topics == ["state", "paused/state", "availability", "stats"]
    assert [message.retained for message in rig.broker.messages] == [True, True, True, False]
    assert [message.qos for message in rig.broker.messages] == [0, 1, 1, 0]
    assert rig.announced == 1


def test_another_model_is_announced_once() -> None:
    rig = Rig()
    rig.publisher.step()
    rig.labels = ("negative", "positive")
    rig.after(1)
    rig.after(1)
    assert rig.announced == 2


def test_a_change_goes_out_at_once_but_only_one_a_second() -> None:
    rig = Rig()
    rig.publisher.step()
    rig.after(5)
    rig.client.see(face(1, "sad"))
    rig.after(0.01)
    assert rig.broker.of("hall/state")[-1].json["emotion"] == "sad"
    sent = len(rig.broker.of("hall/state"))
    rig.client.see(face(1, "angry"))
    rig.after(0.3)
    rig.client.see(face(1, "fear"))
    rig.after(0.3)
    assert len(rig.broker.of("hall/state")) == sent
    rig.after(0.41)
    assert rig.broker.of("hall/state")[-1].json["emotion"] == "fear", "the newest, once the second is over"
    assert len(rig.broker.of("hall/state")) == sent + 1


def test_a_wavering_score_is_no_change_and_a_minute_without_one_is_told() -> None:
    rig = Rig()
    rig.publisher.step()
    for _ in range(29):
        rig.client.see(face(1, "happy", 0.8))
        rig.after(2)
    assert len(rig.broker.of("hall/state")) == 1
    rig.after(2)
    assert len(rig.broker.of("hall/state")) == 2
    assert len(rig.broker.of("/stats")) == 2


def test_a_new_connection_is_told_everything_anew() -> None:
    rig = Rig()
    rig.publisher.step()
    before = len(rig.broker.messages)
    rig.broker.connected = False
    rig.after(30)
    assert len(rig.broker.messages) == before
    rig.broker.connect_again()
    rig.after(1)
    assert len(rig.broker.messages) == 2 * before
    assert rig.announced == 2


def test_home_assistants_birth_brings_everything_again_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()
    rig.publisher.step()
    rig.publisher.hear("homeassistant/status", b"online")
    rig.after(0.05)
    assert rig.announced == 1, "all devices at once would be a flood"
    rig.after(states.BIRTH_SECONDS)
    assert rig.announced == 2
    assert len(rig.broker.of("hall/state")) == 2
    rig.publisher.hear("homeassistant/status", b"offline")
    rig.after(60)
    assert rig.announced == 2


def test_without_discovery_home_assistant_is_told_nothing() -> None:
    rig = Rig(announces=False)
    rig.publisher.step()
    rig.publisher.hear("homeassistant/status", b"online")
    rig.after(30)
    assert rig.announced == 0


def test_the_device_is_offline_while_nobody_watches_and_a_restart_is_no_reason() -> None:
    rig = Rig()
    rig.publisher.step()
    rig.client.snapshot = Snapshot()
    rig.after(9)
    assert [message.text for message in rig.broker.of("/availability")] == ["online"]
    rig.after(2)
    assert [message.text for message in rig.broker.of("/availability")] == ["online", "offline"]
    rig.client.see()
    rig.after(1)
    assert rig.broker.of("/availability")[-1].text == "online"


def test_a_gateway_that_finds_no_daemon_says_so_after_a_while_and_no_state() -> None:
    rig = Rig()
    rig.client.snapshot = Snapshot()
    rig.publisher.step()
    assert not rig.broker.of("/availability")
    rig.after(11)
    assert [message.text for message in rig.broker.of("/availability")] == ["offline"]
    assert not rig.broker.of("hall/state")


def test_pause_is_obeyed_and_what_is_said_is_what_is_so() -> None:
    rig = Rig()
    rig.publisher.step()
    for word in (b"ON", b"OFF", b"on", b"", b"\xff\x00", b"ON" * 1000):
        rig.publisher.hear(NAMES.pause, word)
    rig.after(1)
    assert rig.switched == [True, False]
    assert [message.text for message in rig.broker.of("paused/state")] == ["OFF"]
    rig.client.see(paused=True, camera={"state": "paused", "text": "paused", "name": "demo"})
    rig.after(1)
    assert [message.text for message in rig.broker.of("paused/state")] == ["OFF", "ON"]
    rig.client.snapshot = Snapshot()
    rig.after(1)
    assert rig.broker.of("paused/state")[-1].text == "OFF", "as the file in the state folder says, without a daemon"


FACES = [face(3, "happy"), face(4, "sad", 0.4, certain=False)]
SEEN = [
    ([], "watching", {"emotion": "no_face", "score": None, "certain": False, "faces": 0}),
    (FACES[:1], "watching", {"emotion": "happy", "score": 0.83, "certain": True, "faces": 1}),
    (FACES, "watching", {"emotion": "happy", "score": 0.83, "certain": True, "faces": 2}),
    (FACES[1:], "watching", {"emotion": "uncertain", "score": 0.4, "certain": False, "faces": 1}),
    ([], "waiting", {"emotion": None, "score": None, "certain": False, "faces": 0}),
    (FACES, "paused", {"emotion": None, "score": None, "certain": False, "faces": 0}),
]


@pytest.mark.parametrize(("faces", "camera", "expected"), SEEN)
def test_the_state_is_an_aggregate(faces: list[dict[str, Any]], camera: str, expected: dict[str, Any]) -> None:
    message = live(1, faces, camera={"state": camera, "text": "", "name": ""})
    assert state(message, details=False) == expected | {"camera": camera, "utc": message["utc"]}


def test_single_faces_are_told_only_where_details_are_asked_for(tmp_path: Path) -> None:
    people = state(live(1, FACES), details=True)["people"]
    assert people == [
        {"track": 3, "emotion": "happy", "score": 0.83, "certain": True},
        {"track": 4, "emotion": "sad", "score": 0.4, "certain": False},
    ]
