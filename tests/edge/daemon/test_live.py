"""The live socket: the real daemon's, and the server alone under viewers who misbehave."""

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import __version__
from edge.cameras import Frame
from edge.contract import LABELS
from edge.daemon.live import MOST_VIEWERS, LiveServer, Picture
from edge.daemon.live_view import LiveView, only_region
from edge.daemon.messages import Request
from edge.daemon.viewer import LINES_A_SECOND, LONGEST_LINE_BYTES
from edge.results import FaceEmotion
from edge.settings import DetectorSettings
from tests.fakes.live_daemon import Looker, live_daemon

HELLO = {"type": "hello", "protocol": 1}
GIGABYTE = 1_000_000_000


class Asked:
    """Remembers the pauses that were asked for."""

    def __init__(self) -> None:
        self.pauses: list[tuple[bool, str]] = []
        self.came = threading.Event()

    def __call__(self, paused: bool, by: str) -> None:
        self.pauses.append((paused, by))
        self.came.set()


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def server(tmp_path: Path, asked: Asked) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path / "live.sock", HELLO, asked)
    server.start()
    yield server
    server.close()


def connect(server: LiveServer) -> Looker:
    looker = Looker(server._path)
    assert looker.next() == HELLO
    return looker


def wait_for(what: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


# ---- the real daemon


def test_it_greets_and_tells_what_it_sees(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        hello = looker.next()
        live = looker.next_live("watching")
        while not live["faces"]:
            live = looker.next("live")
        running.stop()
    assert {key: hello[key] for key in ("type", "protocol", "version", "detector", "pid")} == {
        "type": "hello",
        "protocol": 1,
        "version": __version__,
        "detector": "graynet",
        "pid": running.process.pid,
    }
    assert hello["labels"] == list(LABELS)
    assert datetime.fromisoformat(live["utc"]).utcoffset() is not None
    assert (live["frame_px"], live["region"], live["min_face_px"], live["paused"]) == (
        [640, 480],
        [0, 0, 1, 1],
        32,
        False,
    )
    face = live["faces"][0]
    assert list(face["probabilities"]) == list(LABELS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert face["probabilities"][face["emotion"]] == pytest.approx(face["score"], abs=1e-3)
    assert len(face["box_xywh"]) == 4
    assert {"track", "detection_score", "certain", "since_s"} < set(face)
    assert live["detections_total"] >= 1
    assert live["log_rows_lost_total"] == 0
    stages = live["stage_seconds"]
    assert set(stages) == {"detect", "classify", "analyze", "log"}
    assert 0 < sum(stages["analyze"][1:]) <= live["sequence"], "each frame once, counted up to a second ago"
    assert sum(stages["detect"][1:]) == live["detections_total"]
    assert stages["analyze"][0] >= stages["detect"][0]


def test_a_frame_comes_when_it_is_asked_for_and_only_once(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        looker.ask({"type": "frame"})
        head = looker.next("frame")
        assert (head["width"], head["height"], head["channels"], head["bytes"]) == (640, 480, 1, 640 * 480)
        assert np.frombuffer(looker.frame, np.uint8).std() > 10
        kinds = {looker.next()["type"] for _ in range(8)}
        running.stop()
    assert kinds == {"live"}


def test_what_lies_outside_of_the_region_is_black(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[detector]\nregion = [0.5, 0.0, 0.5, 1.0]\n")
    with live_daemon(tmp_path, "--config", "settings.toml") as running, Looker(running.path) as looker:
        looker.ask({"type": "frame"})
        looker.next("frame")
        running.stop()
    pixels = np.frombuffer(looker.frame, np.uint8).reshape(480, 640)
    assert not pixels[:, :320].any()
    assert pixels[:, 320:].std() > 10


def test_a_viewer_pauses_and_resumes_and_the_journal_says_who(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        looker.ask({"type": "pause", "by": "page"})
        paused = looker.next_live("paused")
        assert paused["paused"] and paused["faces"] == []
        assert (tmp_path / "logs" / "paused").read_text() == "page\n"
        with Looker(running.path) as late:
            assert late.next_live("paused")["paused"]
        looker.ask({"type": "resume", "by": "page"})
        assert not looker.next_live("watching")["paused"]
        assert not (tmp_path / "logs" / "paused").exists()
        diagnostics = running.stop()
    assert "paused by page" in diagnostics
    assert "resumed by page" in diagnostics


def test_who_asks_cannot_write_lines_into_the_journal(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        looker.ask({"type": "pause", "by": "page\nERROR all is lost"})
        looker.next_live("paused")
        diagnostics = running.stop()
    assert "paused by a program" in diagnostics
    assert "ERROR" not in diagnostics


def test_the_end_is_told_and_the_socket_removed(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        assert stat.S_IMODE(running.path.stat().st_mode) == 0o660
        running.stop()
        assert looker.next_live("ended")["camera"]["text"] == "ended"
        assert looker.is_closed()
    assert not running.path.exists()


def test_a_daemon_that_was_killed_leaves_a_socket_that_the_next_one_replaces(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as killed:
        killed.process.kill()
        killed.process.wait()
        assert killed.path.exists()
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        assert looker.next()["pid"] == running.process.pid


def test_run_alone_opens_no_network_socket(tmp_path: Path) -> None:
    with live_daemon(tmp_path) as running, Looker(running.path) as looker:
        looker.ask({"type": "frame"})
        looker.next("frame")
        process = Path("/proc") / str(running.process.pid)
        links = [str(link.readlink()) for link in (process / "fd").iterdir()]
        own = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
        kinds = {}
        for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"):
            for line in (process / "net" / table).read_text().splitlines()[1:]:
                kinds[line.split()[8 if table == "packet" else 9]] = table
        running.stop()
    assert len(own) >= 2
    assert [kinds[inode] for inode in own if inode in kinds] == []


# ---- the server alone


def test_words_without_sense_are_answered_and_do_no_harm(server: LiveServer, asked: Asked) -> None:
    nonsense = [b"xx", b"{", b"[1]", b'{"type":5}', b"\xff\xfe", b"[" * 4000, b'{"type":"' + b"x" * 3000 + b'"}', b""]
    with connect(server) as looker:
        for words in nonsense:
            looker.connection.sendall(words + b"\n")
            answer = looker.next()
            assert answer["type"] == "error"
            assert "expected" in answer["message"]
            assert len(answer["message"]) < 200
        looker.ask({"type": "pause", "by": "page", "later": {"more": [1]}})
        assert asked.came.wait(10)
    assert asked.pauses == [(True, "page")]


def test_a_line_may_come_in_pieces_and_two_at_once(server: LiveServer) -> None:
    with connect(server) as looker:
        for byte in b'{"type":"dance"}\n{"type":"si':
            looker.connection.sendall(bytes([byte]))
        assert "'dance'" in looker.next()["message"]
        looker.connection.sendall(b'ng"}\n')
        assert "'sing'" in looker.next()["message"]


def test_a_line_without_end_is_cut_off(server: LiveServer) -> None:
    with connect(server) as looker:
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < GIGABYTE:
                looker.connection.sendall(b"x" * LONGEST_LINE_BYTES)
                sent += LONGEST_LINE_BYTES
        assert sent < 10_000_000
    with connect(server) as other:
        other.ask({"type": "dance"})
        assert other.next()["type"] == "error"


def test_a_flood_of_lines_is_cut_off(server: LiveServer) -> None:
    with connect(server) as looker:
        looker.connection.sendall(b'{"type":"frame"}\n' * 3 * LINES_A_SECOND)
        assert "lines a second" in looker.next("error")["message"]
        assert looker.is_closed()


def test_answers_that_nobody_reads_end_the_connection(server: LiveServer) -> None:
    with connect(server) as looker:
        looker.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):
                looker.connection.sendall(b"?\n" * 100)
                server.publish({"type": "live", "filling": "x" * 100_000})


def test_a_slow_reader_gets_the_newest_message_and_delays_nobody(server: LiveServer) -> None:
    with connect(server) as slow, connect(server) as quick:
        for number in range(2000):
            server.publish({"type": "live", "number": number, "filling": "x" * 10_000})
            while quick.next()["number"] != number:
                pass
        numbers = []
        while not numbers or numbers[-1] != 1999:
            numbers.append(slow.next()["number"])
        assert len(numbers) < 200
        assert numbers == sorted(numbers)
        assert sum(viewer.dropped for viewer in server.viewers) == 2000 - len(numbers)


def test_a_frame_for_a_slow_reader_stays_whole_between_messages(server: LiveServer) -> None:
    pixels = bytes(range(256)) * 40_000
    with connect(server) as looker:
        looker.ask({"type": "frame"}, {"type": "dance"})
        looker.next("error")
        assert server.frame_asked
        picture = ({"type": "frame", "bytes": len(pixels)}, memoryview(pixels))
        server.publish({"type": "live", "number": -1}, picture)
        for number in range(50):
            server.publish({"type": "live", "number": number})
        looker.next("frame")
        assert looker.frame == pixels
        while looker.next("live")["number"] != 49:
            pass


def test_who_asks_again_before_the_frame_went_out_gets_another(server: LiveServer) -> None:
    big = memoryview(bytes(10_000_000))
    with connect(server) as looker:
        for _ in range(3):  # one on its way, one that waits for it, one more that is asked for
            looker.ask({"type": "frame"})
            wait_for(lambda: server.frame_asked)
            server.publish({"type": "live"}, ({"type": "frame", "bytes": len(big)}, big))
            wait_for(lambda: server._newest is None)
        assert not server.frame_asked
        looker.next("frame")
        looker.next("frame")
        wait_for(lambda: server.frame_asked)
        server.publish({"type": "live"}, ({"type": "frame", "bytes": 1}, memoryview(b"x")))
        looker.next("frame")
        assert looker.frame == b"x"


def test_a_frame_that_nobody_asked_for_goes_to_nobody(server: LiveServer) -> None:
    with connect(server) as looker:
        server.publish({"type": "live"}, ({"type": "frame", "bytes": 1}, memoryview(b"x")))
        looker.ask({"type": "dance"})
        assert [looker.next()["type"] for _ in range(2)] == ["live", "error"]


def test_a_hundred_connections_are_refused_in_good_order(server: LiveServer) -> None:
    lookers = [Looker(server._path) for _ in range(100)]
    first = [looker.next() for looker in lookers]
    assert [message["type"] for message in first] == ["hello"] * MOST_VIEWERS + ["error"] * (100 - MOST_VIEWERS)
    assert all(looker.is_closed() for looker in lookers[MOST_VIEWERS:])
    for looker in lookers:
        looker.close()
    with connect(server) as next_one:
        next_one.ask({"type": "dance"})
        assert next_one.next()["type"] == "error"


def test_who_left_in_silence_makes_room_for_others(server: LiveServer) -> None:
    for _ in range(3 * MOST_VIEWERS):
        connect(server).close()
    with connect(server):
        pass


def test_who_has_said_all_still_gets_the_answer(server: LiveServer) -> None:
    """As `echo '{"type":"frame"}' | socat - UNIX-CONNECT:live.sock` does."""
    with connect(server) as looker:
        looker.ask({"type": "frame"}, {"type": "dance"})
        looker.connection.shutdown(socket.SHUT_WR)
        looker.next("error")
        server.publish({"type": "live"}, ({"type": "frame", "bytes": 3}, memoryview(b"abc")))
        looker.next("frame")
        assert looker.frame == b"abc"


def test_another_daemons_socket_is_not_stolen(
    server: LiveServer, tmp_path: Path, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    second = LiveServer(tmp_path / "live.sock", {"type": "hello", "second": True}, asked)
    second.start()
    second.publish({"type": "live"})
    second.close()
    assert "another daemon listens there" in caplog.text
    with connect(server):
        pass


@pytest.mark.parametrize("kind", ["file", "folder", "closed folder"])
def test_what_is_no_socket_is_left_alone(
    kind: str, tmp_path: Path, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "live.sock"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/proc/live.sock")
    server = LiveServer(path, HELLO, asked)
    server.start()
    server.publish({"type": "live"})
    server.close()
    assert "no program can look on" in caplog.text
    assert kind == "closed folder" or path.exists()


def test_a_path_may_be_longer_than_a_sockets_address(tmp_path: Path, asked: Asked) -> None:
    path = tmp_path / ("long" * 50) / "live.sock"
    server = LiveServer(path, HELLO, asked)
    server.start()
    with connect(server):
        pass
    server.close()
    assert not path.exists()


def test_requests_are_read_as_documented() -> None:
    assert Request("frame").by == ""


# ---- what the frame loop makes for it


class Recorder:
    """Takes the place of the server, and counts what is made."""

    def __init__(self) -> None:
        self.viewers: list[object] = []
        self.wants_state = False
        self.frame_asked = False
        self.published: list[dict[str, Any]] = []
        self.frames: list[Picture] = []

    def publish(self, message: dict[str, Any], picture: Picture | None = None) -> None:
        self.wants_state = False
        self.published.append(json.loads(json.dumps(message, default=float)))
        if picture:
            self.frame_asked = False
            self.frames.append(picture)

    def close(self) -> None: ...


def face(emotion: str = "happy", track: int = 1) -> FaceEmotion:
    return FaceEmotion(track, (1.0, 2.0, 3.0, 4.0), 0.9, emotion, 0.8, True, np.full(7, 1 / 7, np.float32))


def frames(count: int, per_second: float) -> Iterator[tuple[Frame, float]]:
    gray = np.zeros((48, 64), np.uint8)
    for index in range(count):
        yield Frame(gray, index, index / per_second), 100 + index / per_second


def test_nothing_is_made_while_nobody_listens() -> None:
    server = Recorder()
    view = LiveView(server, DetectorSettings())  # type: ignore[arg-type]
    server.frame_asked = True
    frame = Frame(np.zeros((4, 4), np.uint8), 0, 0.0)
    view.report("watching", "watching", "demo")
    for _ in range(100):
        view.show(frame, [face()], 1.0, 0)
    assert not server.published
    assert not server.frames


def test_ten_messages_a_second_and_one_at_every_change() -> None:
    server = Recorder()
    view = LiveView(server, DetectorSettings())  # type: ignore[arg-type]
    server.viewers.append("somebody")
    view.report("watching", "watching demo", "demo")
    for frame, now_s in frames(300, per_second=30):
        view.show(frame, [face("happy" if frame.index < 151 else "sad")], now_s, 0)
    assert 95 <= len(server.published) <= 104
    changed = next(
        message for message in server.published if message["faces"] and message["faces"][0]["emotion"] == "sad"
    )
    assert changed["sequence"] == 152
    assert changed["faces"][0]["since_s"] == 0
    assert server.published[-1]["frames_per_second"] == 30
    assert server.published[-1]["faces"][0]["since_s"] == pytest.approx(4.9, abs=0.2)


def test_a_newcomer_is_told_the_state_though_no_frame_comes() -> None:
    server = Recorder()
    view = LiveView(server, DetectorSettings())  # type: ignore[arg-type]
    view.report("paused", "paused: ...")
    server.viewers.append("somebody")
    server.wants_state = True
    view.keep_up()
    view.keep_up()
    assert [message["camera"]["state"] for message in server.published] == ["paused"]
    view.report("paused", "paused: ...")
    assert len(server.published) == 1


def test_a_frame_comes_in_colour_where_the_source_has_it() -> None:
    server = Recorder()
    view = LiveView(server, DetectorSettings())  # type: ignore[arg-type]
    server.viewers.append("somebody")
    server.frame_asked = True
    bgr = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    view.show(Frame(np.zeros((4, 6), np.uint8), 0, 0.0, bgr), [], 0.0, 0)
    head, pixels = server.frames[0]
    assert (head["width"], head["height"], head["channels"], head["bytes"]) == (6, 4, 3, 72)
    assert pixels == bgr.tobytes()
    assert np.shares_memory(np.frombuffer(pixels, np.uint8), bgr), "sent from where it is, and not copied"


def test_a_frame_that_is_asked_for_brings_the_message_with_its_boxes() -> None:
    server = Recorder()
    view = LiveView(server, DetectorSettings())  # type: ignore[arg-type]
    server.viewers.append("somebody")
    for frame, now_s in frames(150, per_second=15):
        server.frame_asked = frame.index % 2 == 0  # what a page asks for: 7.5 a second
        view.show(frame, [face()], now_s, 0)
    assert [head["sequence"] for head, _ in server.frames] == list(range(1, 150, 2))
    assert [message["sequence"] for message in server.published] == list(range(1, 150, 2)), "and none in between"
    assert all(
        message["utc"] == head["utc"] for message, (head, _) in zip(server.published, server.frames, strict=True)
    )


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 3)])
def test_the_region_is_cut_out_in_gray_and_in_colour(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 9, np.uint8)
    seen = only_region(pixels, (0.25, 0.5, 0.5, 0.5))
    assert seen.shape == shape
    assert (seen[24:, 16:48] == 9).all()
    assert seen.sum() == pixels[24:, 16:48].sum()
    assert only_region(pixels, (0, 0, 1, 1)) is pixels
