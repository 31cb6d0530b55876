"""One trial: the devices' ten minutes, what goes wrong on the way, and what the database holds afterwards."""

import random
import signal
import time
import urllib.request

from tests.fleet.simulation import Simulation
from tests.hub.engines import Hub, wait_until

FLOODING, KILLED, FAST_CLOCK, SLOW_CLOCK = range(4)  # indices of the devices that are not like the others
AN_HOUR_SECONDS = 3600.0
DATABASE_AWAY = 0.02  # of the trial's time
SETTLED_SECONDS = 15.0  # after a fault, until latencies count as undisturbed
PATIENCE_SECONDS = 120.0


class Trial:
    """Plays with the context of a started `hub`; `seconds` of devices' life, then until all queues are empty."""

    def __init__(self, hub: Hub, names: list[str], seconds: float, seed: int, hurry: float = 1.0) -> None:
        self.hub = hub
        self.seconds = seconds
        self.faults_s: list[tuple[float, float]] = []
        """begin and end of each, this machine's clock"""
        self.received = 0
        """messages that the collector took, in all its lives"""
        clocks = {FAST_CLOCK: AN_HOUR_SECONDS, SLOW_CLOCK: -AN_HOUR_SECONDS}
        self.simulation = Simulation(hub, names, random.Random(seed), clocks, hurry)
        self.devices = self.simulation.devices

    def run(self) -> None:
        """A tenth of the time for each step."""
        step_s = self.seconds / 10
        play = self.simulation.play
        play(step_s)
        self.simulation.flood(self.devices[FLOODING], 8 * step_s)
        play(step_s)
        self.devices[KILLED].kill()
        play(step_s)
        self._fault(self.hub.restart_broker)
        play(2 * step_s)
        self._fault(self._database_crashes)
        play(2 * step_s)
        self._fault(self._collector_killed)
        play(3 * step_s)
        self.simulation.drain(PATIENCE_SECONDS)
        wait_until(lambda: self.stored() >= self.acknowledged(), "all that the broker acknowledged is stored")
        self.received += self._received_by_collector()

    def acknowledged(self) -> int:
        return sum(len(device.episodes) - device.unacknowledged for device in self.devices)

    def stored(self) -> int:
        return int(self.hub.rows("SELECT count(*) FROM episodes")[0][0])

    def _fault(self, happens) -> None:
        begin_s = time.time()
        happens()
        self.faults_s.append((begin_s, time.time() + SETTLED_SECONDS))

    def _database_crashes(self) -> None:
        self.hub.crash_database()
        self.simulation.play(DATABASE_AWAY * self.seconds)
        self.hub.start_database()

    def _collector_killed(self) -> None:
        self.received += self._received_by_collector()
        self.hub.collector.end(signal.SIGKILL)
        self.hub.collector.start()

    def _received_by_collector(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.hub.metrics_port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            int(float(line.split()[1])) for line in lines if line.startswith("emotion_hub_messages_received_total")
        )
