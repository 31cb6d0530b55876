"""The page in a real Chromium: what a person sees, and what he can do."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.commands.doctor import storage
from edge.commands.notice import render_notice
from edge.events import EventLog
from edge.gateway import live_api, pages
from edge.results import FaceEmotion
from edge.settings import PROJECT, LogSettings, parse
from tests.browser.conftest import Browser, Visit, playing, visiting
from tests.fakes import live
from tests.fakes.gateway import Rig, served
from tests.fakes.live import FakeDaemon
from tests.fakes.player import Scene
from tests.program import environment

SECONDS = 15_000  # playwright counts in milliseconds
WATCHING = "() => document.getElementById('dot').dataset.state === 'watching'"
PAINTED = """() => {
  const canvas = document.getElementById('picture');
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(pixels).size > 20;
}"""
OUTSIDE = """() => {
  const stage = document.getElementById('stage').getBoundingClientRect();
  return [...document.querySelectorAll('.tag')].filter((tag) => {
    const box = tag.getBoundingClientRect();
    return box.left < stage.left - 1 || box.right > stage.right + 1 || box.top < stage.top - 1 ||
      box.bottom > stage.bottom + 1 || tag.scrollWidth > tag.clientWidth + 1;
  }).length;
}"""
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
CUT_OFF = """() => [...document.querySelectorAll('button, h1, h2, h3, dt, dd, nav a, .tag, .legend li')]
  .filter((node) => node.offsetParent && node.scrollWidth > node.clientWidth + 1)
  .filter((node) => getComputedStyle(node).display !== 'inline')
  .map((node) => node.textContent)"""
VIEWS = ("now", "history", "health")

Open = Callable[..., Visit]


def watch(visit: Visit) -> Any:
    visit.page.wait_for_function(WATCHING, timeout=SECONDS)
    return visit.page


def show(page: Any, view: str) -> None:
    page.evaluate(f"location.hash = '{view}'")
    page.wait_for_selector(f"#view-{view}:visible", timeout=SECONDS)
    page.wait_for_timeout(600)  # for charts to be drawn


def test_the_first_screen_shows_picture_boxes_and_bars(open_page: Open) -> None:
    visit = open_page()
    page = watch(visit)
    page.wait_for_function(PAINTED, timeout=SECONDS)
    page.wait_for_selector("#boxes .box", timeout=SECONDS)
    assert page.inner_text("#state").startswith("watching demo, 15 frames")
    assert "%" in page.inner_text(".tag")
    assert page.locator("#faces .face").count() == page.locator("#boxes .box").count() >= 1
    assert page.locator("#faces .face").first.locator("li").count() == 7
    assert "full (only on this machine)" in page.inner_text("#fact-level")
    page.wait_for_selector("#hour-chart canvas", timeout=SECONDS)
    assert "face time" in page.inner_text("#today")
    assert "times in Asia/Kolkata" in page.inner_text("#view-now")
    assert visit.problems == []
    assert visit.hosts == {"127.0.0.1"}, "nothing is asked of another machine"
    assert "token" not in page.url


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2560, 3840])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(open_page: Open, width: int, scheme: str) -> None:
    visit = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = watch(visit)
    page.wait_for_selector(".tag", timeout=SECONDS)
    assert page.evaluate(OUTSIDE) == 0
    for view in VIEWS:
        show(page, view)
        assert page.evaluate(TOO_WIDE) <= 0, view
        assert page.evaluate(CUT_OFF) == [], view
    assert visit.problems == []


def test_labels_at_the_edges_stay_inside(open_rig: Callable[..., Rig], browser: Browser) -> None:
    rig = open_rig()
    places = [(0, 0, 20, 20), (600, 0, 40, 40), (0, 440, 40, 40), (630, 470, 10, 10), (-30, -30, 60, 60)]
    faces = [live.face(track, "surprise") | {"box_xywh": list(box)} for track, box in enumerate(places, 1)]
    with FakeDaemon(rig.socket) as daemon, served(rig) as address:
        daemon.picture = (640, 480, 1, bytes(640 * 480))
        for width in (320, 1280):
            with visiting(browser, rig, address, viewport={"width": width, "height": 800}) as visit:
                daemon.say(live.live(width, faces, frame_px=[640, 480]))
                visit.page.wait_for_selector(".tag >> nth=4", timeout=SECONDS)
                assert visit.page.evaluate(OUTSIDE) == 0


def test_the_page_goes_on_when_the_daemon_comes_back(
    open_rig: Callable[..., Rig], browser: Browser, scenes: list[Scene]
) -> None:
    rig = open_rig()
    with served(rig) as address, visiting(browser, rig, address) as visit:
        page = visit.page
        page.wait_for_function(
            "() => document.getElementById('state').textContent.includes('not running')", timeout=SECONDS
        )
        for _ in range(2):
            with FakeDaemon(rig.socket) as daemon, playing(daemon, scenes):
                watch(visit)
                page.wait_for_selector("#boxes .box", timeout=SECONDS)
            page.wait_for_selector("#stage[data-message=gone]", timeout=SECONDS)
            assert "since" in page.inner_text("#state")
            assert page.locator("#boxes .box").count() == 0
            assert page.is_disabled("#pause")
            show(page, "history")
            assert page.locator("#line-chart canvas").count() >= 1, "history answers without the daemon"
            show(page, "health")
            assert "not running" in page.inner_text("#health")
            show(page, "now")


def test_the_page_goes_on_when_the_gateway_is_killed_and_started_again(
    open_rig: Callable[..., Rig], browser: Browser, scenes: list[Scene], tmp_path: Path
) -> None:
    rig = open_rig()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "settings.toml").write_text(f'[web]\nlisten = "127.0.0.1:{port}"\n')
    address = f"http://127.0.0.1:{port}"
    with FakeDaemon(rig.socket) as daemon, playing(daemon, scenes):
        first = start_gateway(tmp_path, address)
        with visiting(browser, rig, address) as visit:
            page = watch(visit)
            first.kill()
            first.wait()
            page.wait_for_selector("#stage[data-message=lost]", timeout=SECONDS)
            assert "trying again" in page.inner_text("#state")
            second = start_gateway(tmp_path, address)
            watch(visit)
            second.terminate()
            assert second.wait(timeout=20) == 0


def start_gateway(folder: Path, address: str) -> "subprocess.Popen[bytes]":
    """`python -m edge gateway` with the settings and the state in `folder`, once it answers."""
    command = [sys.executable, "-m", "edge", "gateway", "--config", folder / "settings.toml"]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment(STATE_DIRECTORY=str(folder)))
    for _ in range(200):
        with suppress(OSError), urllib.request.urlopen(f"{address}/healthz") as answer:
            assert answer.status == 200
            return process
        time.sleep(0.1)
    raise AssertionError("the gateway did not answer within 20 s")


def test_a_new_token_ends_the_visit_with_a_word(open_page: Open, tmp_path: Path) -> None:
    visit = open_page()
    page = watch(visit)
    (tmp_path / "web-token").write_text("x" * 43)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # opens the stream anew
    page.wait_for_function("() => document.getElementById('state').textContent.includes('token')", timeout=SECONDS)


def test_pausing_is_asked_twice_and_done_by_keyboard(open_page: Open) -> None:
    visit = open_page()
    page = watch(visit)
    page.focus("#pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#ask[open]", state="detached")
    assert page.inner_text("#pause") == "Pause the camera"
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open]")
    page.focus("#ask-yes")
    page.keyboard.press("Enter")
    page.wait_for_selector("#stage[data-message=paused]", timeout=SECONDS)
    assert page.inner_text("#state") == "paused"
    assert page.locator("#boxes .box").count() == 0
    page.focus("#pause")
    page.keyboard.press("Enter")
    watch(visit)
    assert visit.problems == []


def test_forgetting_is_asked_twice(open_page: Open) -> None:
    visit = open_page()
    page = watch(visit)
    asked: list[str] = []
    page.on("request", lambda request: request.method == "POST" and asked.append(request.post_data))
    show(page, "history")
    page.click("#forget")
    page.check("#ask input[value=day]")
    page.click("#ask-yes")
    page.wait_for_function("() => document.getElementById('ask-title').textContent.includes('the last 24 hours')")
    assert asked == []
    page.click("#ask-yes")
    page.wait_for_selector("#said:visible", timeout=SECONDS)
    assert asked == ['{"since":"24h"}']
    assert page.inner_text("#said") == "Forgotten: the last 24 hours."


def test_a_finding_comes_with_its_remedy(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOW_MB", 10**12)  # then every disk is nearly full
    visit = open_page()
    page = watch(visit)
    show(page, "health")
    found = page.inner_text("#findings [data-level=warning] >> nth=0")
    assert "warning" in found and "→ free space" in found


def test_boxes_alone_ask_for_no_picture(open_page: Open) -> None:
    visit = open_page({"web": {"picture": "boxes"}})
    page = watch(visit)
    frames: list[str] = []
    page.on("request", lambda request: "frame.jpg" in request.url and frames.append(request.url))
    page.wait_for_selector("#boxes .box", timeout=SECONDS)
    page.wait_for_timeout(500)
    assert frames == []
    assert page.evaluate(PAINTED) is False
    assert "boxes only (as the settings say)" in page.inner_text("#fact-level")


def test_a_page_that_is_not_looked_at_asks_for_nothing(open_page: Open) -> None:
    page = watch(open_page())
    page.wait_for_function(PAINTED, timeout=SECONDS)
    show(page, "health")
    frames: list[str] = []
    page.on("request", lambda request: "frame.jpg" in request.url and frames.append(request.url))
    page.wait_for_timeout(700)
    assert frames == []


def test_history_can_be_zoomed_and_read_by_keyboard(open_page: Open) -> None:
    visit = open_page()
    page = watch(visit)
    show(page, "history")
    page.wait_for_function("() => document.getElementById('period').textContent", timeout=SECONDS)
    today = page.inner_text("#period")
    page.click("[data-range=week]")
    page.wait_for_function(f"() => document.getElementById('period').textContent !== {today!r}", timeout=SECONDS)
    before = page.inner_text("#period")
    box = page.locator("#line-chart .u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=5)
    page.mouse.up()
    page.wait_for_function(f"() => document.getElementById('period').textContent !== {before!r}", timeout=SECONDS)
    page.focus("#line-chart .chart")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('#line-chart .reading').textContent.length > 5", timeout=SECONDS
    )
    first = page.inner_text("#line-chart .reading")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        f"() => document.querySelector('#line-chart .reading').textContent !== {first!r}", timeout=SECONDS
    )
    page.click("#line-details summary")
    assert page.locator("#line-table tbody tr").count() > 3
    assert visit.problems == []


def test_without_a_log_the_page_says_so(open_page: Open) -> None:
    visit = open_page(with_log=False)
    page = watch(visit)
    page.wait_for_function(
        "() => document.getElementById('hour-chart').textContent.includes('no log yet')", timeout=SECONDS
    )
    show(page, "history")
    assert "There is no log yet." in page.inner_text("#view-history")
    show(page, "health")
    assert "none yet" in page.inner_text("#health")


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"faces": []}, "empty", "No face in view"),
        (
            {"camera": {"state": "waiting", "text": "camera lost, tried again", "name": ""}, "faces": []},
            "waiting",
            "tried again",
        ),
        ({"camera": {"state": "starting", "text": "", "name": ""}, "faces": []}, "starting", "Starting"),
        ({"camera": {"state": "ended", "text": "", "name": "a.mp4"}, "faces": []}, "ended", "has ended"),
        ({"paused": True, "faces": []}, "paused", "Paused"),
    ],
)
def test_every_state_has_its_words(
    open_rig: Callable[..., Rig], browser: Browser, changes: dict[str, Any], kind: str, words: str
) -> None:
    rig = open_rig()
    with FakeDaemon(rig.socket) as daemon, served(rig) as address, visiting(browser, rig, address) as visit:
        daemon.say(live.live(5) | changes)
        visit.page.wait_for_selector(f"#stage[data-message={kind}]", timeout=SECONDS)
        assert words in visit.page.inner_text("#stage-message")
        assert visit.page.locator("#boxes .box").count() == 0


def test_the_door_opens_by_the_token(open_rig: Callable[..., Rig], browser: Browser) -> None:
    rig = open_rig()
    with served(rig) as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        assert "gateway url" in page.inner_text("main")
        page.fill("#token", rig.token)
        page.keyboard.press("Enter")
        page.wait_for_selector("#state", timeout=SECONDS)
        assert "token" not in page.url
        context.close()


def test_the_keyboard_reaches_everything_in_order(open_page: Open) -> None:
    page = watch(open_page())
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert reached[:5] == ["Skip to the content", "Now", "History", "Health", "pause"]
    assert "Export as CSV" in reached
    page.keyboard.press("Shift+Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "who uses the keyboard sees where he is"


def test_reduced_motion_moves_nothing(open_page: Open) -> None:
    page = watch(open_page(reduced_motion="reduce"))
    page.wait_for_selector("#faces .face", timeout=SECONDS)
    assert page.evaluate("getComputedStyle(document.querySelector('.bars .of i')).transitionDuration") == "0s"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(open_page: Open, axe: str, scheme: str, width: int) -> None:
    visit = open_page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = watch(visit)
    page.wait_for_selector("#faces .face", timeout=SECONDS)
    for view in VIEWS:
        show(page, view)
        assert serious(page, axe) == [], view
    show(page, "now")
    page.click("#pause")
    page.wait_for_selector("#ask[open]")
    assert serious(page, axe) == []


def serious(page: Any, axe: str) -> list[tuple[str, str]]:
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    worst = [violation for violation in found["violations"] if violation["impact"] in ("serious", "critical")]
    return [(violation["id"], node["html"][:200]) for violation in worst for node in violation["nodes"]]


def test_axe_finds_nothing_serious_on_notice_and_door(open_rig: Callable[..., Rig], browser: Browser, axe: str) -> None:
    rig = open_rig({"notice": {"operator": "Museum", "contact": "a@example.org"}})
    with served(rig) as address:
        context = browser.new_context(bypass_csp=False)
        page = context.new_page()
        for path in ("/notice", "/"):
            page.goto(address + path)
            assert serious(page, axe) == [], path
        context.close()


def test_the_notice_fills_one_page_of_a4(browser: Browser, tmp_path: Path) -> None:
    purpose = "To count how many visitors smile in front of the sculpture, hour by hour, for the artist. " * 3
    notice = {
        "operator": "Museum of Light, Unter den Linden 1, Berlin",
        "contact": "light@example.org",
        "purpose": purpose,
    }
    output = tmp_path / "notice.html"
    filled = parse({"notice": notice, "log": {"keep_days": 30}}, "test")
    output.write_text(render_notice(filled, "http://hall.local:8770/notice"), encoding="utf-8")
    page = browser.new_page()
    page.goto(output.as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1


MOODS = ("good", "negative", "calm", "neutral")
BAR_COLOURS = """() => [...document.querySelectorAll('#faces .bars li')].map((row) =>
  row.dataset.emotion + ' ' + getComputedStyle(row.querySelector('i')).backgroundColor)"""


def test_another_models_labels_have_bars_colours_and_charts(browser: Browser, open_rig: Callable[..., Rig]) -> None:
    rig = open_rig()
    with EventLog(rig.folder / "emotions.db", LogSettings(commit_seconds=0.0)) as events:
        events.start_run("picamera", "moods 0.1.0 0123456789ab", datetime.now(UTC))
        shares = np.float32([0.7, 0.1, 0.1, 0.1])
        face = FaceEmotion(1, (1.0, 2.0, 30.0, 30.0), 0.9, "good", 0.7, True, shares, MOODS)
        events.record([face], 0.0, datetime.now(UTC))
    seen = live.face(emotion="good") | {"probabilities": dict.fromkeys(MOODS, 0.1) | {"good": 0.7}}
    with FakeDaemon(rig.socket, live.HELLO | {"labels": list(MOODS)}) as daemon, served(rig) as address:
        daemon.say(live.live(1, [seen]))
        with visiting(browser, rig, address) as visit:
            page = watch(visit)
            page.wait_for_selector("#faces .face", timeout=SECONDS)
            found = page.evaluate(BAR_COLOURS)
            assert [row.split()[0] for row in found] == ["neutral", "negative", "calm", "good"]
            assert len({row.split(" ", 1)[1] for row in found}) == 4
            assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--good')") == "#1b7f45"
            show(page, "history")
            assert "good" in page.inner_text("#line-chart .legend") and "angry" in page.inner_text("#week-choice")
            page.select_option("#week-choice", "good")
            assert visit.problems == []


def test_an_open_page_takes_over_another_model(browser: Browser, open_rig: Callable[..., Rig]) -> None:
    rig = open_rig()
    with served(rig) as address, visiting(browser, rig, address) as visit:
        with FakeDaemon(rig.socket) as daemon:
            daemon.say(live.live(1))
            watch(visit)
        with FakeDaemon(rig.socket, live.HELLO | {"labels": list(MOODS)}) as daemon:
            daemon.say(live.live(2, [live.face(emotion="good") | {"probabilities": dict.fromkeys(MOODS, 0.25)}]))
            visit.page.wait_for_selector("#faces [data-emotion=calm]", timeout=SECONDS)
            found = visit.page.evaluate(BAR_COLOURS)
            assert len({row.split(" ", 1)[1] for row in found}) == 4


def test_an_open_page_takes_over_another_release_once_no_question_is_open(
    browser: Browser, open_rig: Callable[..., Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = open_rig()
    with FakeDaemon(rig.socket) as daemon, served(rig) as address, visiting(browser, rig, address) as visit:
        daemon.say(live.live(1))
        page = watch(visit)
        page.evaluate("window.before = true")
        page.click("#pause")
        page.wait_for_selector("dialog[open]", timeout=SECONDS)
        monkeypatch.setattr(pages, "__version__", "9.9.9")
        monkeypatch.setattr(live_api, "__version__", "9.9.9")
        daemon.say(live.live(2, camera={"state": "watching", "text": "watching hall", "name": "hall"}))
        page.wait_for_function("() => document.getElementById('state').textContent.includes('hall')", timeout=SECONDS)
        assert page.evaluate("window.before")
        page.keyboard.press("Escape")
        daemon.say(live.live(3))
        page.wait_for_function("() => document.body.textContent.includes('9.9.9')", timeout=SECONDS)
        watch(visit)
        assert not page.evaluate("window.before")
