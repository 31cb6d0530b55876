"""The JSON API, as README.md beside the gateway has it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.commands.report import tables
from edge.events import EventLog
from edge.events.reader import open_reader
from edge.gateway import live_api
from tests.fakes import eventlog, live
from tests.fakes.gateway import HERE, Rig
from tests.fakes.live import FakeDaemon


def get(rig: Rig, path: str, status: int = 200) -> Any:
    answer = rig.app.test_client().get(path, headers=rig.bearer)
    assert answer.status_code == status, answer.text
    return answer.json


def fill(rig: Rig, seconds: int = 120) -> datetime:
    """A log of the last `seconds`; returns when it began."""
    start = datetime.now(UTC) - timedelta(seconds=seconds)
    eventlog.fill(rig.gateway.log, seconds, clock=eventlog.Clock(now=start))
    return start


def test_now_says_what_the_daemon_says(rig: Rig, daemon: FakeDaemon) -> None:
    found = get(rig, "/api/now")
    assert found["connected"] is True
    assert found["daemon"] == live.HELLO
    assert found["live"] == live.live()


def test_now_without_a_daemon_says_since_when(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "LIVE_SECONDS", 0.1)
    found = get(rig, "/api/now")
    assert found["connected"] is False and found["live"] is None
    assert datetime.fromisoformat(found["since_utc"]) <= datetime.now(UTC)


@pytest.mark.parametrize(("kind", "paused"), [("pause", True), ("resume", False)])
def test_pause_and_resume_tell_the_daemon_who_did_it(rig: Rig, daemon: FakeDaemon, kind: str, paused: bool) -> None:
    answer = rig.browser().post(f"/api/{kind}", headers=HERE)
    assert answer.status_code == 200
    assert answer.json == {"paused": paused}
    daemon.wait_for(lambda: daemon.heard == [{"type": kind, "by": "page"}])


def test_pause_without_a_daemon_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "LIVE_SECONDS", 0.1)
    answer = rig.browser().post("/api/pause", headers=HERE)
    assert answer.status_code == 409
    assert "does not answer" in answer.json["error"]


def test_pause_is_no_link(rig: Rig, daemon: FakeDaemon) -> None:
    assert rig.browser().get("/api/pause").status_code in (401, 405)
    assert daemon.heard == []


def test_history_without_a_log_says_so(rig: Rig) -> None:
    for path in ("/api/history", "/api/episodes", "/api/export.csv"):
        assert "no such event log" in get(rig, path, 404)["error"]


def test_history_of_a_damaged_log_says_so(rig: Rig) -> None:
    fill(rig)
    rig.gateway.log.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for name in ("-wal", "-shm"):
        rig.gateway.log.with_name(rig.gateway.log.name + name).unlink(missing_ok=True)
    for path in ("/api/history", "/api/episodes", "/api/export.csv"):
        assert "cannot be read" in get(rig, path, 503)["error"]
    assert get(rig, "/api/health")["log"]["bytes"] > 0


def test_a_log_in_which_nothing_stands_yet_is_empty(rig: Rig) -> None:
    with EventLog(rig.gateway.log, eventlog.AT_ONCE):
        pass
    found = get(rig, "/api/history?since=1h")
    assert found["log"] == {"first": None, "last": None}
    assert found["faces"] == 0 and found["gaps"] == []
    assert get(rig, "/api/history")["totals"]["happy"]["seconds"] == 0
    assert get(rig, "/api/episodes")["episodes"] == []


def test_the_log_that_the_daemon_was_told_to_write_is_shown_whatever_it_watches(rig: Rig, daemon: FakeDaemon) -> None:
    (rig.folder / "demo.db").touch()
    rig.gateway.only_log = rig.folder / "chosen.db"
    fill(rig, 30)
    assert get(rig, "/api/now")["live"]["camera"]["name"] == "demo"
    assert get(rig, "/api/history")["faces"] == 1
    assert get(rig, "/api/health")["log"]["path"] == str(rig.folder / "chosen.db")


def test_a_demos_own_log_is_shown_with_it(rig: Rig, daemon: FakeDaemon) -> None:
    fill(rig, 30)
    (rig.folder / "emotions.db").rename(rig.folder / "demo.db")
    get(rig, "/api/now")
    assert rig.gateway.log.name == "demo.db"
    assert get(rig, "/api/history")["faces"] == 1
    daemon.say(live.live(2, camera={"state": "watching", "text": "", "name": "picamera"}))
    with rig.gateway.client.watching():
        while rig.gateway.client.snapshot.source == "demo":
            rig.gateway.client.wait(rig.gateway.client.snapshot.version, 5)
    get(rig, "/api/history", 404)


def test_history_adds_up(rig: Rig) -> None:
    fill(rig, 120)
    found = get(rig, "/api/history?since=1h")
    total = sum(entry["seconds"] for entry in found["totals"].values())
    assert total == pytest.approx(120, abs=2)
    assert sum(sum(row) for row in found["seconds"].values()) == pytest.approx(total)
    assert sum(sum(map(sum, days)) for days in found["week"].values()) == pytest.approx(total)
    assert found["faces"] == 2
    assert found["episodes"] == 12
    assert found["bucket_seconds"] == 60
    assert len(found["times"]) in (60, 61, 62)


@pytest.mark.parametrize("since", ["1h", "7d", None])
def test_history_has_the_reports_figures(rig: Rig, since: str | None) -> None:
    fill(rig, 300)
    found = get(rig, f"/api/history?since={since}" if since else "/api/history")
    with open_reader(rig.gateway.log) as log:
        table = tables.read(log, None, None)
    by_emotion = table.counts.groupby("emotion")["seconds"].sum()
    assert {label: entry["seconds"] for label, entry in found["totals"].items() if entry["seconds"]} == pytest.approx(
        by_emotion.to_dict()
    )
    assert found["faces"] == table.faces


def test_history_counts_what_is_asked_for(rig: Rig) -> None:
    start = fill(rig, 120)
    since, until = start + timedelta(seconds=30), start + timedelta(seconds=60)
    query = {"since": since.isoformat(), "until": until.isoformat()}
    answer = rig.app.test_client().get("/api/history", query_string=query, headers=rig.bearer)
    assert answer.json is not None
    assert sum(entry["seconds"] for entry in answer.json["totals"].values()) == pytest.approx(30, abs=1)


def test_a_plus_in_an_address_may_be_a_blank(rig: Rig) -> None:
    fill(rig, 30)
    assert get(rig, "/api/history?since=2026-11-01T00:00:00+02:00&until=2026-11-28T00:00:00+02:00")


def test_episodes_come_newest_first(rig: Rig) -> None:
    fill(rig, 60)
    found = get(rig, "/api/episodes?limit=3")["episodes"]
    assert len(found) == 3
    starts = [episode["start"] for episode in found]
    assert starts == sorted(starts, reverse=True)
    assert found[0]["seconds"] == pytest.approx(10, abs=1)


def test_the_export_is_the_commands_own(rig: Rig) -> None:
    from edge.commands.export import export

    fill(rig, 30)
    for table in ("observations", "episodes"):
        answer = rig.app.test_client().get(f"/api/export.csv?table={table}", headers=rig.bearer)
        assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="emotion-edge-{table}-')
        target = rig.folder / f"{table}.csv"
        export([rig.gateway.log], target, table, "csv", None, None)  # type: ignore[arg-type]
        assert answer.text == target.read_text()
        assert len(list(csv.reader(io.StringIO(answer.text)))) > 3


def test_an_export_at_a_time_is_enough(rig: Rig) -> None:
    fill(rig, 5)
    rig.gateway.exports.take()
    rig.gateway.exports.take()
    answer = rig.app.test_client().get("/api/export.csv", headers=rig.bearer)
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    rig.gateway.exports.give_back()
    for _ in range(3):
        assert rig.app.test_client().get("/api/export.csv", headers=rig.bearer).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=" + "9" * 50,
        "since=1h&until=2h",
        "until=-1",
        "since=999999w",
        "since=0001-01-01",
        "since=\x00",
        "since=2026-02-30",
    ],
)
@pytest.mark.parametrize("path", ["/api/history", "/api/episodes", "/api/export.csv"])
def test_times_that_cannot_be_are_named(rig: Rig, path: str, query: str) -> None:
    assert get(rig, f"{path}?{query}", 400)["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/episodes?limit=0",
        "/api/episodes?limit=1001",
        "/api/episodes?limit=x",
        "/api/episodes?limit=" + "9" * 5000,
        "/api/episodes?limit=\u0663",
        "/api/export.csv?table=runs",
        "/api/frame.jpg?boxes=2",
    ],
)
def test_values_that_cannot_be_are_named(rig: Rig, path: str) -> None:
    fill(rig, 5)
    assert get(rig, path, 400)["error"]


def test_health_answers_without_daemon_and_log(rig: Rig) -> None:
    found = get(rig, "/api/health")
    assert found["daemon"]["connected"] is False
    assert found["log"]["bytes"] is None
    assert {finding["check"] for finding in found["findings"]} >= {"machine", "log", "memory", "heat", "clock"}
    assert found["disk"]["total_bytes"] > 0


def test_health_knows_the_daemon(rig: Rig, daemon: FakeDaemon) -> None:
    found = get(rig, "/api/health")
    assert found["camera"]["name"] == "demo"
    assert found["frames_per_second"] == 14.9
    assert found["daemon"]["model"] == live.HELLO["model"]


def test_health_names_logs_set_aside(rig: Rig) -> None:
    (rig.folder / "emotions.db.damaged-20261128T000000Z").touch()
    (rig.folder / "emotions.db.damaged-20261128T000000Z-wal").touch()
    assert get(rig, "/api/health")["log"]["set_aside"] == ["emotions.db.damaged-20261128T000000Z"]


def test_alive_and_notice_need_no_token(rig: Rig) -> None:
    client = rig.app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/notice").status_code == 200


def test_no_secret_is_told(rig: Rig, daemon: FakeDaemon) -> None:
    fill(rig, 5)
    for path in ("/", "/api/now", "/api/health", "/api/history", "/notice", "/healthz"):
        assert rig.token not in rig.browser().get(path).text


@pytest.mark.parametrize(
    ("body", "left"), [({"since": "1h"}, 0), ({"until": "now"}, 0), ({"until": "50s"}, 50), ({"since": "50s"}, 70)]
)
def test_what_is_forgotten_is_gone(rig: Rig, body: dict[str, str], left: int) -> None:
    fill(rig, 120)
    answer = rig.browser().post("/api/forget", headers=HERE, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None and answer.json["forgotten"] == pytest.approx(120 - left, abs=3)
    found = get(rig, "/api/history?since=30m")
    assert sum(entry["seconds"] for entry in found["totals"].values()) == pytest.approx(left, abs=3)
    assert "on the word of the page" in found["gaps"][-1]["details"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"x": 1}', '{"since": 5}', '{"since": "never"}', "\x00", "[" * 3000])
def test_forgetting_needs_a_time(rig: Rig, body: str) -> None:
    fill(rig, 5)
    headers = {**HERE, "Content-Type": "application/json"}
    answer = rig.browser().post("/api/forget", headers=headers, data=body)
    assert answer.status_code == 400, answer.text
    assert json.loads(answer.data)["error"]


def test_a_language_that_there_is_no_file_for_is_english(rig: Rig, tmp_path: Path) -> None:
    answer = rig.browser().get("/", headers={"Accept-Language": "xx, de;q=0.5"})
    assert '<html lang="en">' in answer.text
