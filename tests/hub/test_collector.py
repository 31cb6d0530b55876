"""From the broker into the database: what is stored, what is set aside, and what a wrong clock does."""

import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.hub.engines import Hub, collector_environment, wait_until
from tests.hub.publisher import connected


def ids(hub: Hub) -> list[str]:
    return sorted(episode_id for (episode_id,) in hub.rows("SELECT id FROM episodes"))


def wait_for_id(hub: Hub, episode_id: str) -> None:
    wait_until(lambda: episode_id in ids(hub), f"episode {episode_id}")


def now_utc(ahead_seconds: float = 0.0) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=ahead_seconds)


def test_an_episode_sent_twice_is_stored_once(hub: Hub) -> None:
    with connected(hub, "hall") as device:
        device.end("hall", "twice-1", seconds=8.0, mean_score=0.7, track=3)
        device.end("hall", "twice-1", seconds=8.0, mean_score=0.7, track=3)
        device.end("hall", "twice-2")
    wait_for_id(hub, "twice-2")
    rows = hub.rows(
        "SELECT device, emotion, seconds, round(mean_score::numeric, 3), track FROM episodes WHERE id = 'twice-1'"
    )
    assert [(*row[:3], float(row[3]), row[4]) for row in rows] == [("hall", "happy", 8.0, 0.7, 3)]


def test_an_episode_that_comes_again_with_other_times_is_stored_once(hub: Hub) -> None:
    """Its device's clock was set between the two."""
    with connected(hub, "hall") as device:
        device.end("hall", "other-times")
        later = {"start_utc": now_utc(3600).isoformat(), "end_utc": now_utc(3608).isoformat()}
        device.end("hall", "other-times", **later)
        device.end("hall", "after-other-times")
    wait_for_id(hub, "after-other-times")
    assert ids(hub).count("other-times") == 1


def test_two_devices_may_use_the_same_id(hub: Hub) -> None:
    for name in ("hall", "cafe"):
        with connected(hub, name) as device:
            device.end(name, "same")
    wait_until(lambda: ids(hub).count("same") == 2, "both")


def test_beginnings_and_updates_need_no_row(hub: Hub) -> None:
    with connected(hub, "hall") as device:
        device.end("hall", "begun", type="new")
        device.end("hall", "begun", type="update")
        device.end("hall", "after-begun")
    wait_for_id(hub, "after-begun")
    assert "begun" not in ids(hub)
    assert hub.rows("SELECT * FROM rejected WHERE topic LIKE '%hall%'") == []


def test_fields_that_the_hub_does_not_know_yet_are_no_fault(hub: Hub) -> None:
    with connected(hub, "hall") as device:
        device.end("hall", "newer", pose={"yaw": 3.0}, people=["A"])
    wait_for_id(hub, "newer")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b'{"type": "end"}',
        b'{"type": "other", "id": "x", "emotion": "sad", '
        b'"start_utc": "2026-11-28T05:00:00Z", "end_utc": "2026-11-28T05:00:00Z"}',
        b"[" * 10_000,
        b'{"type": "end", "deep": ' + b"[" * 900 + b"]" * 900 + b"}",
        dict(id=""),
        dict(id=None),
        dict(id="x" * 201),
        dict(id="nul\x00"),
        dict(id="half a letter \ud800"),
        dict(id=["x"]),
        dict(id="x", start_utc="yesterday"),
        dict(id="x", start_utc="2026-11-28T05:00:00"),
        dict(id="x", start_utc="0001-01-01T00:00:00Z", sent_utc="9999-12-31T23:59:59Z"),
        dict(id="x", end_utc=None),
        dict(id="x", emotion=None),
        dict(id="x", emotion="e" * 41),
        dict(id="x", mean_score=1.5),
        dict(id="x", mean_score="much"),
        dict(id="x", seconds=-1),
        dict(id="x", seconds=[1]),
        dict(id="x", track=2**70),
        dict(id="x", track=1.5),
    ],
    ids=lambda payload: repr(payload)[:40],
)
def test_what_cannot_be_read_is_set_aside_and_in_nobodys_way(hub: Hub, payload: bytes | dict[str, object]) -> None:
    def count() -> int:
        return int(
            hub.rows("SELECT coalesce(sum(messages), 0) FROM rejected WHERE topic LIKE 'emotion-edge/cafe/%'")[0][0]
        )

    before = count()
    marker = f"after-{before}-{time.monotonic_ns()}"
    with connected(hub, "cafe") as device, connected(hub, "stairs") as neighbour:
        if isinstance(payload, bytes):
            device.send("emotion-edge/cafe/events", payload)
        else:
            device.end("cafe", **payload)
        neighbour.end("stairs", marker)
    wait_for_id(hub, marker)
    wait_until(lambda: count() == before + 1, "the message set aside")
    assert "x" not in ids(hub)


def test_stats_and_availability_that_cannot_be_read_are_set_aside_too(hub: Hub) -> None:
    with connected(hub, "cafe") as device:
        device.send("emotion-edge/cafe/stats", {"temperature_celsius": "hot"}, qos=0)
        device.send("emotion-edge/cafe/stats", {"log_rows": -1e300}, qos=0)
        device.send("emotion-edge/cafe/availability", b"perhaps")
    topics = {"emotion-edge/cafe/stats", "emotion-edge/cafe/availability"}
    wait_until(lambda: topics <= {topic for (topic,) in hub.rows("SELECT topic FROM rejected")}, "both set aside")


def test_a_clock_an_hour_ahead_lands_nothing_in_the_future(hub: Hub) -> None:
    with connected(hub, "hall") as device:
        begun = now_utc(3600)
        times = {"start_utc": begun.isoformat(), "end_utc": (begun + timedelta(seconds=8)).isoformat()}
        device.end("hall", "ahead", **times, sent_utc=now_utc(3600 + 8).isoformat())
        device.end("hall", "ahead-without-sent", **times)
        old = {"start_utc": now_utc(3600 - 86_400).isoformat(), "end_utc": now_utc(3600 - 86_392).isoformat()}
        device.end("hall", "ahead-and-a-day-old", **old, sent_utc=now_utc(3600).isoformat())
    wait_for_id(hub, "ahead-and-a-day-old")
    rows = dict(hub.rows("SELECT id, extract(epoch FROM start_utc - utc)::float8 FROM episodes WHERE id LIKE 'ahead%'"))
    assert rows["ahead"] == pytest.approx(3608, abs=60)
    assert rows["ahead-without-sent"] == pytest.approx(3608, abs=60)
    assert rows["ahead-and-a-day-old"] == pytest.approx(3600, abs=60)
    assert hub.rows("SELECT id FROM episodes WHERE utc > received_utc") == []


def test_a_backlog_of_a_right_clock_keeps_its_times(hub: Hub) -> None:
    begun = now_utc(-86_400)
    with connected(hub, "hall") as device:
        times = {"start_utc": begun.isoformat(), "end_utc": now_utc(-86_392).isoformat()}
        device.end("hall", "backlog", **times, sent_utc=now_utc().isoformat())
    wait_for_id(hub, "backlog")
    assert hub.rows("SELECT start_utc, utc FROM episodes WHERE id = 'backlog'") == [(begun, begun)]


@pytest.mark.parametrize("ahead_seconds", [0.0, 3600.0, -3600.0])
def test_stats_tell_how_wrong_a_clock_is(hub: Hub, ahead_seconds: float) -> None:
    with connected(hub, "stairs") as device:
        values = {"temperature_celsius": 51.5, "undervoltage": False, "lost_rows": 0, "version": f"0.2.{ahead_seconds}"}
        device.send("emotion-edge/stairs/stats", values | {"sent_utc": now_utc(ahead_seconds).isoformat()}, qos=0)
    columns = "clock_ahead_seconds, temperature_celsius, disk_free_mb"
    query = f"SELECT {columns} FROM stats WHERE version = '0.2.{ahead_seconds}'"
    wait_until(lambda: hub.rows(query), "the stats")
    row = hub.rows(query)[0]
    assert row[0] == pytest.approx(ahead_seconds, abs=60)
    assert row[1:] == (51.5, None)


def test_who_is_there_and_since_when(hub: Hub) -> None:
    def state() -> list[tuple]:
        return hub.rows("SELECT online, since_utc FROM devices WHERE name = 'hall'")

    with connected(hub, "hall") as device:
        device.send("emotion-edge/hall/availability", b"online")
        wait_until(lambda: state() and state()[0][0], "online")
        since = state()[0][1]
        device.send("emotion-edge/hall/availability", b"online")
        device.end("hall", "online-again")
        wait_for_id(hub, "online-again")
        assert state() == [(True, since)]
        device.send("emotion-edge/hall/availability", b"offline")
    wait_until(lambda: not state()[0][0], "offline")
    assert state()[0][1] > since


def test_without_tables_it_says_what_to_do_and_does_not_try_for_ever(hub: Hub) -> None:
    command = [part.replace("dbname=emotion_edge", "dbname=postgres") for part in hub.collector_command()]
    command = [
        *command[: command.index("--metrics-port")],
        "--user",
        "viewer",
        "--password-file",
        f"{hub.folder}/viewer",
    ]
    (hub.folder / "viewer").write_text("word-of-viewer")
    pipe = subprocess.PIPE
    with (
        connected(hub, "cafe") as device,
        subprocess.Popen(
            command, env=collector_environment(), stdout=pipe, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        try:
            assert "connected to the broker" in process.stdout.readline()
            device.send("emotion-edge/cafe/availability", b"online")
            device.end("cafe", "without-tables")
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 78, said
    assert "does not exist" in said
    assert "README.md" in said
    assert "Traceback" not in said


def test_a_missing_file_is_named(hub: Hub, tmp_path) -> None:
    command = [part.replace(f"{hub.folder}/password", f"{tmp_path}/none") for part in hub.collector_command()]
    done = subprocess.run(command, env=collector_environment(), capture_output=True, text=True)
    assert done.returncode == 78
    assert f"{tmp_path}/none" in done.stderr
    assert "Traceback" not in done.stderr
