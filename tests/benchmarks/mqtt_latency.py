"""How long a change takes from the frame to a subscriber: the real daemon, gateway and Mosquitto on this machine.

.venv-edge/bin/python -m tests.benchmarks.mqtt_latency [--changes 60] [--json OUT]

The daemon plays the demo. A state says when its live message was made, directly behind its frame's analysis; measured
is until a subscriber has it. Changes that had to wait for the second between two states are told apart.
"""

import argparse
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.broker import Mosquitto, Subscriber
from tests.fakes.gateway_process import GatewayProcess
from tests.program import environment

ROUND_SECONDS = 300.0


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
        "p95_ms": round(statistics.quantiles(delays_ms, n=20)[-1], 1),
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
                daemon = play(folder)
                try:
                    subscriber.messages.clear()
                    daemon.wait(ROUND_SECONDS)
                finally:
                    daemon.send_signal(signal.SIGTERM)
                    daemon.wait(20)
                delays_ms += delays(subscriber)
    return delays_ms


def play(folder: Path) -> subprocess.Popen[bytes]:
    """The demo at its own pace, once."""
    demo = str(next(Path("edge/demo").glob("*.mp4")).absolute())
    command = [sys.executable, "-m", "edge", "run", "--source", demo, "--realtime"]
    quiet = subprocess.DEVNULL
    variables = environment(STATE_DIRECTORY=str(folder))
    return subprocess.Popen(command, cwd=folder, env=variables, stdout=quiet, stderr=quiet)


def delays(subscriber: Subscriber) -> list[float]:
    """Of the states that were free to go: none went in the second before."""
    shift_s = datetime.now(UTC).timestamp() - time.monotonic()
    found = []
    before_s = float("-inf")
    for message in subscriber.of("/state"):
        made_s = datetime.fromisoformat(message.json["utc"]).timestamp() - shift_s
        if made_s - before_s > 1.0:
            found.append((message.time_s - made_s) * 1000)
        before_s = message.time_s
    return found


if __name__ == "__main__":
    sys.exit(main())
