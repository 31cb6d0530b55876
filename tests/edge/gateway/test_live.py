"""The client of the daemon's socket, against a socket by hand."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.gateway import live as gateway_live
from edge.gateway.live import LiveClient, Snapshot
from tests.fakes import live as fake
from tests.fakes.live import FakeDaemon

SECONDS = 10.0


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveClient]:
    monkeypatch.setattr(gateway_live, "RETRY_SECONDS", 0.05)
    client = LiveClient(tmp_path / "live.sock")
    client.start()
    yield client
    client.close()


def wait_until(client: LiveClient, wanted: str) -> Snapshot:
    """The first snapshot of which the expression `wanted` is true."""
    snapshot = client.snapshot
    while not eval(wanted, {"snapshot": snapshot}):
        newer = client.wait(snapshot.version, SECONDS)
        assert newer.version > snapshot.version, f"waited in vain for {wanted}: {newer}"
        snapshot = newer
    return snapshot


def test_what_the_daemon_says_is_known(client: LiveClient, tmp_path: Path) -> None:
    with FakeDaemon(tmp_path / "live.sock") as daemon, client.watching():
        wait_until(client, "snapshot.live is not None")
        daemon.say(fake.live(7, [fake.face(emotion="sad")]))
        snapshot = wait_until(client, "snapshot.live['sequence'] == 7")
    assert snapshot.connected
    assert snapshot.hello == fake.HELLO
    assert snapshot.live is not None and snapshot.live["faces"][0]["emotion"] == "sad"


def test_a_daemon_that_dies_is_noticed_and_found_again(client: LiveClient, tmp_path: Path) -> None:
    with client.watching():
        with FakeDaemon(tmp_path / "live.sock"):
            came = wait_until(client, "snapshot.live is not None").since_s
        gone = wait_until(client, "not snapshot.connected")
        assert gone.live is None and gone.hello == fake.HELLO
        with FakeDaemon(tmp_path / "live.sock"):
            back = wait_until(client, "snapshot.live is not None")
    assert came <= gone.since_s <= back.since_s


def test_no_daemon_is_no_error(client: LiveClient) -> None:
    with client.watching():
        assert client.picture(None, 0.2) is None
    assert not client.snapshot.connected
    assert not client.send({"type": "pause", "by": "page"})


def test_nobody_asks_for_frames_while_nobody_watches(client: LiveClient, tmp_path: Path) -> None:
    with FakeDaemon(tmp_path / "live.sock") as daemon, client.watching():
        wait_until(client, "snapshot.live is not None")
        daemon.say(fake.live(8))
        wait_until(client, "snapshot.live['sequence'] == 8")
        assert daemon.frames == 0
        picture = client.picture(None, SECONDS)
        assert picture is not None
        assert (picture.width, picture.height, picture.channels) == (fake.WIDTH, fake.HEIGHT, 1)
        assert picture.data == fake.gray()
        assert daemon.frames == 1


def test_viewers_share_pictures_and_none_is_asked_for_too_soon(
    client: LiveClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_live, "PICTURE_SECONDS", 1000.0)
    with FakeDaemon(tmp_path / "live.sock") as daemon, client.watching(), ThreadPoolExecutor(8) as pool:
        daemon.picture = None  # all wait
        waiting = [pool.submit(client.picture, None, SECONDS) for _ in range(8)]
        daemon.wait_for(lambda: daemon.asked > 0)
        daemon.picture = (fake.WIDTH, fake.HEIGHT, 1, fake.gray())
        assert len({id(future.result()) for future in waiting}) == 1
        assert client.picture(None, 0.3) is None
    assert daemon.frames == 1


def test_the_connection_ends_when_the_last_viewer_has_left(
    client: LiveClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_live, "LINGER_SECONDS", 0.0)
    with FakeDaemon(tmp_path / "live.sock") as daemon:
        with client.watching():
            daemon.wait_for(lambda: daemon.clients == 1)
        daemon.say(fake.live(9))  # the thread sees with the next message that nobody watches
        daemon.wait_for(lambda: daemon.clients == 0)
        assert client.snapshot.connected, "the daemon is not gone"


def test_pause_reaches_the_daemon(client: LiveClient, tmp_path: Path) -> None:
    with FakeDaemon(tmp_path / "live.sock") as daemon, client.watching():
        wait_until(client, "snapshot.live is not None")
        assert client.send({"type": "pause", "by": "page"})
        wait_until(client, "snapshot.live['paused']")
    assert daemon.heard == [{"type": "pause", "by": "page"}]


@pytest.mark.parametrize(
    ("hello", "words"),
    [
        ({"type": "hello", "protocol": 2}, "version 2"),
        ({"type": "error", "message": "too many connections"}, "too many connections"),
        ({"type": "live"}, "'live'"),
    ],
)
def test_a_daemon_of_another_kind_is_named(
    client: LiveClient, tmp_path: Path, hello: dict[str, object], words: str
) -> None:
    with FakeDaemon(tmp_path / "live.sock", hello), client.watching():
        snapshot = wait_until(client, "snapshot.problem")
    assert words in snapshot.problem
    assert not snapshot.connected


@pytest.mark.parametrize(
    "picture",
    [(64, 48, 1, b"short"), (64, 48, 2, b"\0" * 6144), (0, 48, 1, b"")],
    ids=["fewer bytes than pixels", "two channels", "no width"],
)
def test_a_frame_that_cannot_be_ends_the_connection(
    client: LiveClient, tmp_path: Path, picture: tuple[int, int, int, bytes]
) -> None:
    with FakeDaemon(tmp_path / "live.sock") as daemon, client.watching():
        wait_until(client, "snapshot.live is not None")
        daemon.picture = picture
        assert client.picture(None, 0.3) is None
        daemon.picture = (fake.WIDTH, fake.HEIGHT, 1, fake.gray())
        assert client.picture(None, SECONDS) is not None
