"""How long a change takes from the frame to a subscriber: the real daemon, gateway and Mosquitto on this machine.

.venv-edge/bin/python -m tests.benchmarks.mqtt_latency [--changes 60] [--json OUT]

The daemon plays the demo as a camera gives it: a thread reads, and keeps the newest frame. Measured is from the moment
when a frame arrived there until a subscriber has the state that was made of it: waiting for the frame before,
detection, classification, the live message, the gateway, the broker. Changes that had to wait for the second between
two states are left out.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.fakes.broker import Mosquitto, Subscriber
from tests.fakes.gateway_process import GatewayProcess
from tests.program import environment

ROUND_SECONDS = 300.0
MILLISECOND = 0.001  # a message's time is cut off there


class Frame(NamedTuple):
    """Seconds of the monotonic clock, which is one for all programs of a machine."""

    arrived_s: float
    taken_s: float
    """by the loop"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=60, metavar="N", help="to be measured (default: 60)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures there")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        delays_ms = measure(Path(folder), args.changes)
    figures = {
        "changes": len(delays_ms),
        "median_ms": round(statistics.median(delays_ms), 1),
        "p95_ms": round(statistics.quantiles(delays_ms, n=20, method="inclusive")[-1], 1),
        "longest_ms": round(max(delays_ms), 1),
    }
    print(", ".join(f"{name} {value}" for name, value in figures.items()))
    if args.json:
        args.json.write_text(json.dumps(figures))
    return 0


def measure(folder: Path, changes: int) -> list[float]:
    delays_ms: list[float] = []
    with Mosquitto(folder) as broker, Subscriber(broker.port, "+/+/state") as subscriber:
        process = GatewayProcess(folder, f'host = "127.0.0.1"\nport = {broker.port}\nname = "hall"')
        with process:
            while len(delays_ms) < changes:
                subscriber.messages.clear()
                frames = play(folder)
                delays_ms += delays(subscriber, frames)
    return delays_ms


def play(folder: Path) -> list[Frame]:
    """The demo at its own pace, once; gives when its frames came."""
    notes = folder / "frames.txt"
    command = [sys.executable, "-m", "tests.fakes.timed_daemon", str(notes)]
    variables = environment(STATE_DIRECTORY=str(folder))
    quiet = subprocess.DEVNULL
    subprocess.run(command, env=variables, stdout=quiet, stderr=quiet, timeout=ROUND_SECONDS, check=True)
    return [Frame(*map(float, line.split())) for line in notes.read_text().splitlines()]


def delays(subscriber: Subscriber, frames: list[Frame]) -> list[float]:
    """Of the states that were free to go: none went in the second before."""
    shift_s = datetime.now(UTC).timestamp() - time.monotonic()
    found = []
    before_s = float("-inf")
    for message in subscriber.of("/state"):
        made_s = datetime.fromisoformat(message.json["utc"]).timestamp() + MILLISECOND - shift_s
        made_of = [frame for frame in frames if frame.taken_s <= made_s]
        if message.json["camera"] == "watching" and made_of and made_s - before_s > 1.0:
            found.append((message.time_s - made_of[-1].arrived_s) * 1000)
        before_s = message.time_s
    return found


if __name__ == "__main__":
    sys.exit(main())
