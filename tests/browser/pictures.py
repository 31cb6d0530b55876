"""Pictures of the page at the widths that it is judged by: python -m tests.browser.pictures OUT [WIDTH ...]."""

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.browser.conftest import CHROMIUM, playing, sync_api, visiting
from tests.fakes import gateway, live, past, player
from tests.fakes.gateway import served
from tests.fakes.live import FakeDaemon

WIDTHS = {390: 844, 1280: 900, 2560: 1440}
SETTINGS = {"device": {"name": "Hall"}, "log": {"keep_days": 30}}
DIALOGS = {"now": "pause", "history": "forget"}
"""the button of each view that asks before it acts"""
STATES: dict[str, dict[str, Any]] = {
    "paused": {"paused": True, "faces": []},
    "waiting": {"camera": {"state": "waiting", "text": "no camera found: is its cable in?", "name": ""}, "faces": []},
    "empty": {"faces": []},
}


def main(out: Path, widths: list[int]) -> None:
    os.environ["TZ"] = "Europe/Berlin"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_api.sync_playwright() as playwright:
        past.write_past(Path(folder, "emotions.db"), datetime.now(UTC), 9.0)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        scenes = player.scenes(count=20, every=3, least_faces=2)
        with gateway.rig(Path(folder), SETTINGS) as rig, served(rig) as address:
            for width in widths:
                for scheme in ("light", "dark"):
                    options = {"viewport": {"width": width, "height": WIDTHS.get(width, 900)}, "color_scheme": scheme}
                    with visiting(browser, rig, address, **options) as visit:
                        name = f"{width}-{scheme}"
                        with FakeDaemon(rig.socket) as daemon, playing(daemon, scenes):
                            _views(visit.page, out, name)
                        _save(visit.page, out / f"now-gone-{name}.png")
                        _states(visit.page, rig.socket, out, name)
        browser.close()


def _views(page: Any, out: Path, name: str) -> None:
    for view in ("now", "history", "health"):
        page.evaluate(f"location.hash = '{view}'")
        time.sleep(1.5)
        if view == "history":
            page.click("[data-range=week]")
            time.sleep(1)
        _save(page, out / f"{view}-{name}.png")
        if view in DIALOGS:
            page.click(f"#{DIALOGS[view]}")
            page.wait_for_selector("#ask[open]")
            _save(page, out / f"{DIALOGS[view]}-{name}.png", full_page=False)
            page.keyboard.press("Escape")
    page.evaluate("location.hash = 'now'")


def _states(page: Any, socket: Path, out: Path, name: str) -> None:
    for state, changes in STATES.items():
        with FakeDaemon(socket) as daemon:
            daemon.picture = (640, 480, 1, live.gray(640, 480))
            daemon.say(live.live(7, frame_px=[640, 480]) | changes)
            page.wait_for_selector(f"#stage[data-message={state}]")
            _save(page, out / f"now-{state}-{name}.png")


def _save(page: Any, path: Path, full_page: bool = True) -> None:
    page.wait_for_timeout(700)
    page.screenshot(path=path, full_page=full_page)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(width) for width in sys.argv[2:]] or list(WIDTHS))
