"""What the live socket costs the daemon: processor time of a frame with nobody, one and ten who look on.

.venv-edge/bin/python -m tests.benchmarks.live_socket [--rounds 5] [--json OUT]

The real program plays the demo at its own pace; the ways take turns, so that what else the machine does meets them
alike.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from edge.cameras import DEMO
from tests.fakes.live_daemon import Looker
from tests.program import environment

FRAMES = 150  # of the demo's 180
WARM_UP_FRAMES = 15
PICTURE_SECONDS = 0.1
SLOW_BYTES_A_SECOND = 1000
NO_SOCKETS_HERE = "/proc"  # a folder that takes none: the daemon goes on without


class Measured:
    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        """processor time of a frame, a value a round"""
        self.late_ms: list[float] = []
        """the longest time between two frames, a value a round"""


def viewer(path: Path, done: threading.Event) -> None:
    """Take every message, and ten pictures a second."""
    with suppress(OSError, AssertionError), Looker(path) as looker:
        asked_s = 0.0
        while not done.is_set():
            if time.monotonic() - asked_s >= PICTURE_SECONDS:
                asked_s = time.monotonic()
                looker.ask({"type": "frame"})
            looker.next()


def slow_viewer(path: Path, done: threading.Event) -> None:
    with suppress(OSError), Looker(path) as looker:
        looker.ask({"type": "frame"})
        while not done.wait(1.0):
            looker.connection.recv(SLOW_BYTES_A_SECOND)


Viewer = Callable[[Path, threading.Event], None]
WAYS: dict[str, list[Viewer] | None] = {
    "socket off": None,
    "on, nobody": [],
    "one viewer, 10 pictures a second": [viewer],
    "ten viewers, two of them slow": [viewer] * 8 + [slow_viewer] * 2,
}


@contextmanager
def looking_on(viewers: list[Viewer], path: Path) -> Iterator[None]:
    """In a process of their own would be fairer still; their time is not counted anyway."""
    done = threading.Event()
    threads = [threading.Thread(target=look, args=(path, done)) for look in viewers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def processor_ms(pid: int) -> float:
    """Of all threads of the process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6


def measure(viewers: list[Viewer] | None, result: Measured) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        receiver = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        receiver.bind(f"{folder}/notify")
        receiver.settimeout(60)
        runtime = NO_SOCKETS_HERE if viewers is None else folder
        variables = environment(NOTIFY_SOCKET=f"{folder}/notify", RUNTIME_DIRECTORY=runtime, JOURNAL_STREAM="0:0")
        command = [sys.executable, "-m", "edge", "run", "--source", str(DEMO), "--realtime"]
        process = subprocess.Popen(command, cwd=folder, env=variables, stderr=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.kill)
        wait_for_frames(receiver, 1)
        if viewers:
            stack.enter_context(looking_on(viewers, Path(folder, "live.sock")))
        wait_for_frames(receiver, WARM_UP_FRAMES)
        before_ms = processor_ms(process.pid)
        late_ms = wait_for_frames(receiver, FRAMES)
        result.milliseconds.append((processor_ms(process.pid) - before_ms) / FRAMES)
        result.late_ms.append(late_ms)


def wait_for_frames(receiver: socket.socket, count: int) -> float:
    """Wait for `count` handled frames; returns the longest time between two, in milliseconds."""
    longest_s = 0.0
    last_s = time.monotonic()
    while count:
        if b"WATCHDOG=1" in receiver.recv(300):
            count -= 1
            longest_s = max(longest_s, time.monotonic() - last_s)
            last_s = time.monotonic()
    return longest_s * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default: 5, of about 45 s")
    parser.add_argument("--json", type=Path, metavar="OUT")
    args = parser.parse_args()
    results = {way: Measured() for way in WAYS}
    for _ in range(args.rounds):
        for way, viewers in WAYS.items():
            measure(viewers, results[way])
    base_ms = statistics.median(results["socket off"].milliseconds)
    for way, result in results.items():
        milliseconds = statistics.median(result.milliseconds)
        print(
            f"{way:34} {milliseconds:6.2f} ms a frame ({milliseconds / base_ms - 1:+6.1%})  "
            f"longest between two frames {statistics.median(result.late_ms):4.0f} ms"
        )
    if args.json:
        args.json.write_text(json.dumps({way: vars(result) for way, result in results.items()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
