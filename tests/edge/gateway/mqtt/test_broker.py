"""MQTT with a real Mosquitto: restarts, passwords, TLS, a day without a broker, kills, a network that breaks."""

import itertools
import logging
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.contract import LABELS
from edge.gateway.mqtt import connection, states
from edge.gateway.mqtt.bridge import Bridge
from edge.gateway.mqtt.connection import PASSWORD_VARIABLE, Connection
from edge.gateway.mqtt.forget import forget
from edge.settings import LogSettings, MqttSettings
from tests.fakes import eventlog, gateway
from tests.fakes.broker import Mosquitto, Subscriber, needs_mosquitto, with_password
from tests.fakes.cutting_proxy import cutting
from tests.fakes.eventlog import Clock, fill, open_log
from tests.fakes.gateway_process import GatewayProcess, ends, kill_again_and_again
from tests.fakes.live import FakeDaemon, face, live

pytestmark = needs_mosquitto

KEPT = ("/availability", "/config", "hall/state", "paused/state")
"""the ends of topics whose last message the broker keeps for who comes later"""
SECRET = "correct-horse-battery"
A_DAY_SECONDS = 24 * 3600


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(connection, "FIRST_RETRY_SECONDS", 0.1)


def test_without_a_broker_paho_is_given_nothing_to_keep(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        mqtt = Connection(MqttSettings(host="127.0.0.1", port=broker.port), "hall", ("will", "offline"))
        mqtt.start()
        try:
            _wait_until(lambda: mqtt.connected)
            broker.stop()
            _wait_until(lambda: not mqtt.connected)
            assert {mqtt.publish("topic", b"text", qos=1) for _ in range(1000)} == {None}
        finally:
            mqtt.close()


@contextmanager
def bridged(folder: Path, port: int, **mqtt: Any) -> Iterator[FakeDaemon]:
    """The MQTT side with a daemon by hand; connects to a broker at `port`."""
    tables = {"mqtt": {"host": "127.0.0.1", "port": port, "name": "hall", **mqtt}}
    with gateway.rig(folder, tables) as rig, FakeDaemon(rig.socket) as daemon:
        bridge = Bridge(rig.gateway)
        bridge.start()
        try:
            yield daemon
        finally:
            bridge.close()


def expected(seconds: int) -> list[int]:
    """Of the log that `fill` makes: every ten seconds an episode begins; the last may still go on."""
    return list(range(1, seconds - 10, 10))


def test_after_a_restart_of_the_broker_all_is_there_again(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, bridged(tmp_path, broker.port, discovery=True) as daemon:
        with Subscriber(broker.port) as subscriber:
            subscriber.wait_for(lambda: subscriber.of("/availability"))
            broker.stop()
            daemon.say(live(7, [face(1, "sad")]))
            subscriber.messages.clear()
            broker.start()
            subscriber.wait_for(lambda: all(subscriber.of(leaf) for leaf in KEPT))
            subscriber.wait_for(lambda: subscriber.of("hall/state")[-1].json["emotion"] == "sad")
        with Subscriber(broker.port, name="late") as late:
            late.wait_for(lambda: all(late.of(leaf) for leaf in KEPT))
            assert all(message.retained for leaf in KEPT for message in late.of(leaf))


def test_a_gateway_that_dies_is_offline_by_its_will_and_one_that_ends_says_so(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber, FakeDaemon(tmp_path / "live.sock"):
        process = GatewayProcess(tmp_path, f'host = "127.0.0.1"\nport = {broker.port}\nname = "hall"')
        for number in (signal.SIGKILL, signal.SIGTERM):
            process.start()
            subscriber.wait_for(
                lambda: subscriber.of("/availability") and subscriber.of("/availability")[-1].text == "online"
            )
            process.end(number)
            subscriber.wait_for(lambda: subscriber.of("/availability")[-1].text == "offline")


def test_others_pause_and_resume_the_camera(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber, bridged(tmp_path, broker.port) as daemon:
        subscriber.wait_for(lambda: subscriber.of("/availability"))
        for word, kind in (("ON", "pause"), ("OFF", "resume")):
            subscriber.publish("emotion-edge/hall/paused/set", word)
            daemon.wait_for(lambda kind=kind: daemon.heard and daemon.heard[-1]["type"] == kind)  # type: ignore[misc]
            subscriber.wait_for(lambda word=word: subscriber.of("paused/state")[-1].text == word)  # type: ignore[misc]
        assert daemon.heard == [{"type": "pause", "by": "mqtt"}, {"type": "resume", "by": "mqtt"}]


def test_a_pause_is_kept_where_no_daemon_runs(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber, bridged(tmp_path, broker.port) as daemon:
        subscriber.wait_for(lambda: subscriber.of("paused/state"))
        daemon.__exit__()
        subscriber.publish("emotion-edge/hall/paused/set", "ON")
        subscriber.wait_for(lambda: subscriber.of("paused/state")[-1].text == "ON")
        assert (tmp_path / "paused").read_text() == "mqtt\n"
        subscriber.publish("emotion-edge/hall/paused/set", "OFF")
        subscriber.wait_for(lambda: subscriber.of("paused/state")[-1].text == "OFF")
        assert not (tmp_path / "paused").exists()


def test_a_wrong_password_is_said_once_without_it_and_a_mended_one_needs_no_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    password = tmp_path / "password"
    password.write_text("wrong-horse\n")
    with (
        with_password(tmp_path, "hall", SECRET) as broker,
        bridged(tmp_path, broker.port, user="hall", password_file=str(password)),
    ):
        _wait_until(lambda: "refuses" in caplog.text)
        password.write_text(f"{SECRET}\n")
        _wait_until(lambda: "connected to the MQTT broker" in caplog.text)
    assert caplog.text.count("refuses") == 1
    assert "horse" not in caplog.text


def test_the_password_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, SECRET)
    with (
        with_password(tmp_path, "hall", SECRET) as broker,
        bridged(tmp_path, broker.port, user="hall"),
        Subscriber(broker.port, options=lambda client: client.username_pw_set("hall", SECRET)) as subscriber,
    ):
        subscriber.wait_for(lambda: subscriber.of("/availability"))


def test_a_password_file_that_is_missing_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with bridged(tmp_path, 1, user="hall", password_file=str(tmp_path / "none")):
        _wait_until(lambda: "cannot be read" in caplog.text)


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> None:
    subject = ("-subj", f"/CN={name}", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl(folder, "req", "-x509", *subject, "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_certificate(folder: Path, authority: str, name: str, extension: str) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    openssl(folder, "req", "-subj", f"/CN={name}", "-nodes", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / "extension").write_text(extension)
    signed = ("-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-extfile", "extension")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-days", "2", "-out", f"{name}.pem")


@contextmanager
def with_tls(folder: Path) -> Iterator[Mosquitto]:
    """A broker that shows a certificate of the authority "ours", and wants one of it from every client."""
    make_authority(folder, "ours")
    make_authority(folder, "theirs")
    make_certificate(folder, "ours", "broker", "subjectAltName=IP:127.0.0.1")
    make_certificate(folder, "ours", "hall", "extendedKeyUsage=clientAuth")
    files = (f"cafile {folder}/ours.pem", f"certfile {folder}/broker.pem", f"keyfile {folder}/broker.key")
    with Mosquitto(folder, *files, "require_certificate true", "use_identity_as_username true") as broker:
        yield broker


def files(folder: Path, authority: str = "ours", name: str = "hall") -> dict[str, Any]:
    return {
        "tls": True,
        "ca": str(folder / f"{authority}.pem"),
        "cert": str(folder / f"{name}.pem"),
        "key": str(folder / f"{name}.key"),
    }


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
def test_tls_with_a_certificate_of_each_side(tmp_path: Path) -> None:
    with with_tls(tmp_path) as broker, bridged(tmp_path, broker.port, **files(tmp_path)):
        ours = files(tmp_path)
        with Subscriber(
            broker.port, options=lambda client: client.tls_set(ours["ca"], ours["cert"], ours["key"])
        ) as subscriber:
            subscriber.wait_for(lambda: subscriber.of("/availability"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a refused socket open
@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
def test_a_broker_that_another_authority_signed_gets_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with with_tls(tmp_path) as broker, bridged(tmp_path, broker.port, **files(tmp_path, authority="theirs")):
        _wait_until(lambda: "no MQTT broker" in caplog.text)
        assert "certificate" in caplog.text.lower()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
@pytest.mark.parametrize("broken", ["ca", "cert", "key"])
def test_files_that_are_no_certificates_are_named_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    with with_tls(tmp_path) as broker:
        wrong = tmp_path / "wrong.pem"
        wrong.write_text("no certificate")
        with bridged(tmp_path, broker.port, **files(tmp_path) | {broken: str(wrong)}):
            _wait_until(lambda: "expected PEM files" in caplog.text)


def fill_a_day(path: Path) -> None:
    """Every ten seconds another emotion, for 24 hours, with a row every five seconds."""
    clock = Clock()
    with open_log(path, LogSettings(interval_seconds=5.0, commit_seconds=600.0), clock) as events:
        events.start_run("test", "model", clock.now)
        for second in range(0, A_DAY_SECONDS, 5):
            events.record([eventlog.face(1, LABELS[second // 10 % 7])], float(second), clock.now)
            clock.go_on(5)


def test_a_day_without_a_broker_arrives_whole_and_in_order(tmp_path: Path) -> None:
    fill_a_day(tmp_path / "emotions.db")
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber, bridged(tmp_path, broker.port):
        wanted = list(range(1, A_DAY_SECONDS // 5 - 4, 2))
        subscriber.wait_for(lambda: len(subscriber.of("/events")) >= len(wanted), 120)
        assert ends(subscriber)[: len(wanted)] == wanted
        every = [message.json["id"] for message in subscriber.of("/events") if message.json["type"] == "end"]
        assert len(every) == len(set(every)), "nothing twice where nothing broke"


def test_what_retention_deleted_before_a_broker_had_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "BEAT_SECONDS", 0.2)
    log = tmp_path / "emotions.db"
    fill(log, 100)
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber:
        with bridged(tmp_path, broker.port):
            subscriber.wait_for(lambda: len(ends(subscriber)) >= 9)
            subscriber.wait_for(lambda: subscriber.of("/stats"))
        assert {message.json["episodes_deleted_unsent"] for message in subscriber.of("/stats")} == {0}
        broker.stop()
        fill(log, 1000)  # a hundred more, behind the tenth, which was not known to have ended
        with closing(sqlite3.connect(log, isolation_level=None)) as database:
            database.execute("DELETE FROM episodes WHERE id <= 50")
        broker.start()
        subscriber.wait_for(lambda: subscriber.subscriptions == 2)
        with bridged(tmp_path, broker.port):
            subscriber.wait_for(lambda: len(ends(subscriber)) >= 9 + 59)
            subscriber.wait_for(lambda: subscriber.of("/stats")[-1].json["episodes_deleted_unsent"])
        assert subscriber.of("/stats")[-1].json["episodes_deleted_unsent"] in (40, 41), "the tenth may have been sent"
        assert set(ends(subscriber)) >= set(range(501, 1091, 10))


def test_no_kill_of_the_gateway_loses_or_disorders_an_episode(tmp_path: Path) -> None:
    came = kill_again_and_again(tmp_path, 3)
    assert came == sorted(came)
    assert set(range(1, came[-1], 10)) <= set(came)


def test_a_network_that_breaks_in_the_middle_of_a_message_loses_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "emotions.db", 4000, LogSettings(commit_seconds=600.0))
    chance = random.Random(1)
    cuts = itertools.chain((chance.randrange(200, 12000) for _ in range(12)), itertools.repeat(None))
    with (
        Mosquitto(tmp_path) as broker,
        Subscriber(broker.port) as subscriber,
        cutting(broker.port, cuts) as port,
        bridged(tmp_path, port),
    ):
        wanted = expected(4000)
        subscriber.wait_for(lambda: len(ends(subscriber)) >= len(wanted), 120)
        assert ends(subscriber)[: len(wanted)] == wanted


def test_forgetting_leaves_nothing_at_the_broker(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        with bridged(tmp_path, broker.port, discovery=True), Subscriber(broker.port) as subscriber:
            subscriber.wait_for(lambda: subscriber.of("/availability"))
        forget(MqttSettings(host="127.0.0.1", port=broker.port), "hall")
        with Subscriber(broker.port, name="late") as late:
            late.publish("end", "of what is retained")
            late.wait_for(lambda: late.of("end"))
            assert [message.topic for message in late.messages] == ["end"]


def test_no_image_and_no_single_face_by_default(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber, bridged(tmp_path, broker.port) as daemon:
        fill(tmp_path / "emotions.db", 60)
        subscriber.wait_for(lambda: subscriber.of("/events") and subscriber.of("/availability"))
        assert daemon.asked == 0, "no picture was asked for"
        everything = " ".join(message.text for message in subscriber.messages)
        for word in ("track", "people", "box", "probabilities"):
            assert word not in everything


def _wait_until(true: Any, seconds: float = 20.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
