"""What the page costs, with the real daemon and a real Chromium: python -m tests.benchmarks.page [SECONDS].

Prints the gateway's memory idle and with a viewer, what the page weighs, when it is painted, how old a picture is when
it is shown, and the daemon's processor time a frame without and with a viewer, who looks on at up to 10 pictures a
second. Figures of one run on one machine; the daemon plays the demo at its own pace.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge.cameras.sources import DEMO
from edge.gateway.access_token import AccessToken
from edge.gateway.gateway import token_file
from edge.settings import PROJECT
from tests.browser.conftest import CHROMIUM, sync_api
from tests.program import environment

PORT = 8791
ADDRESS = f"http://127.0.0.1:{PORT}"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAINTED = """() => {
  const paints = performance.getEntriesByType('paint').find((entry) => entry.name === 'first-contentful-paint');
  const loads = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')];
  const assets = loads.filter((entry) => !entry.name.includes('/api/'));
  return [paints ? paints.startTime : null, assets.reduce((sum, entry) => sum + entry.transferSize, 0), assets.length];
}"""


@contextmanager
def running(folder: Path, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "edge", *map(str, arguments)]
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment(STATE_DIRECTORY=str(folder)), stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "settings.toml").write_text(f'[web]\nlisten = "127.0.0.1:{PORT}"\n')
        config = ("--config", folder / "settings.toml")
        video = folder / "demo.mp4"
        loop_demo(video, 3 * seconds + 40)
        with (
            running(folder, "run", "--source", video, "--realtime", *config) as daemon,
            running(folder, "gateway", *config) as gateway,
        ):
            wait_until_it_answers()
            os.environ["STATE_DIRECTORY"] = name
            token = AccessToken(token_file()).value()
            time.sleep(3)
            print(f"gateway idle: {resident_mb(gateway.pid):.1f} MB resident")
            alone = processor_ms(daemon.pid, seconds)
            print(f"daemon, nobody watching: {alone:.1f} ms of processor time a second")
            watch(token, daemon.pid, gateway.pid, seconds, alone)


def watch(token: str, daemon: int, gateway: int, seconds: float, alone: float) -> None:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{ADDRESS}/?token={token}")
        page.wait_for_selector("#boxes .box")
        time.sleep(2)
        painted, size, count = page.evaluate(PAINTED)
        print(f"page: {size / 1000:.0f} kB in {count} files, first paint after {painted:.0f} ms")
        watched = processor_ms(daemon, seconds)
        print(f"daemon, one viewer: {watched:.1f} ms a second, {100 * (watched / alone - 1):+.1f} %")
        print(f"gateway, one viewer: {resident_mb(gateway):.1f} MB resident")
        delays = [delay_ms(page) for _ in range(40)]
        print(f"frame read to picture shown: median {statistics.median(delays):.0f} ms, worst {max(delays):.0f} ms")
        browser.close()


def delay_ms(page: Any) -> float:
    time.sleep(0.15)
    return float(page.inner_text("#fact-delay").removesuffix(" ms"))


def loop_demo(target: Path, seconds: float) -> None:
    """The demo over and over, as a video of its own."""
    import cv2

    from edge.cameras.media.files import VideoFile

    writer = None
    written_s = 0.0
    while written_s < seconds:
        with VideoFile(DEMO) as video:
            for frame in iter(video.read, None):
                height, width = frame.gray.shape
                writer = writer or cv2.VideoWriter(
                    str(target), cv2.VideoWriter.fourcc(*"mp4v"), 15.0, (width, height), False
                )
                writer.write(frame.gray)
                written_s += 1 / 15
    assert writer
    writer.release()


def wait_until_it_answers() -> None:
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"{ADDRESS}/healthz"):
            return
        time.sleep(0.1)
    raise SystemExit("the gateway did not answer within 30 s")


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_ms(pid: int, seconds: float) -> float:
    """Milliseconds a second."""
    before, before_s = ticks(pid), time.monotonic()
    time.sleep(seconds)
    return 1000 * (ticks(pid) - before) / TICKS_A_SECOND / (time.monotonic() - before_s)


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
