"""All devices in one thread: a heap of what each does next, and a selector over their sockets."""

import heapq
import itertools
import random
import selectors
import time
from collections.abc import Callable
from functools import partial

from edge.events.records import EpisodeRow
from tests.fleet.connection import Connection
from tests.fleet.device import Device
from tests.fleet.viewer import Viewer
from tests.hub.engines import Hub

STATE_SECONDS = 2.5  # mean between two changes of a device's state; never two within a second
EPISODE_SECONDS = 8.0  # mean
PAUSE_SECONDS = 4.0  # mean between two episodes
COMMIT_SECONDS = 10.0  # as the settings have it: so often a log grows, and tells how its episodes go on
STATS_SECONDS = 60.0
START_SECONDS = 5.0  # within them all devices connect
FLOOD_SECONDS = 0.05  # between two bursts of the flooding device
BURST_EPISODES = 10
RECONNECT_SECONDS = (1.0, 4.0)  # at random, or all come back at once
LOOK_SECONDS = 0.02


class Simulation:
    """`clocks_ahead_seconds`: by the index of the device whose clock is wrong. `hurry`: so many times as fast."""

    def __init__(
        self,
        hub: Hub,
        names: list[str],
        chance: random.Random,
        clocks_ahead_seconds: dict[int, float],
        hurry: float = 1.0,
    ) -> None:
        selector = selectors.DefaultSelector()
        self.devices: list[Device] = []
        for index, name in enumerate(names):
            ahead_seconds = clocks_ahead_seconds.get(index, 0.0)
            self.devices.append(Device(hub, name, selector, chance, ahead_seconds))
        self._hurry = hurry
        self.viewer = Viewer(hub, selector)
        self._selector = selector
        self._chance = chance
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._quiet = False
        self._connect(self.viewer)
        for device in self.devices:
            self._after(chance.uniform(0, START_SECONDS), self._connect, device)
            self._after(chance.uniform(0, START_SECONDS + EPISODE_SECONDS), self._begin, device)
            self._after(chance.uniform(0, START_SECONDS + STATE_SECONDS), self._state, device)
            self._after(STATS_SECONDS, self._stats, device)
        self._after(1.0, self._keep_alive)

    def play(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._step()

    def drain(self, patience_seconds: float) -> None:
        """Begin nothing new; until every queue is empty."""
        self._quiet = True
        end_s = time.monotonic() + patience_seconds
        while any(device.alive and device.unacknowledged for device in self.devices):
            assert time.monotonic() < end_s, "some queues are not empty"
            self._step()

    def flood(self, device: Device, seconds: float) -> None:
        self._flood(device, time.monotonic() + seconds)

    def _step(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        for key, _ in self._selector.select(LOOK_SECONDS):
            key.data.read()

    def _after(self, seconds: float, action: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(
            self._due, (time.monotonic() + seconds / self._hurry, next(self._order), partial(action, *arguments))
        )

    def _about(self, seconds: float) -> float:
        return self._chance.expovariate(1 / seconds)

    def _connect(self, party: Connection) -> None:
        if party.alive and party.client is None and not party.connect():
            self._after(self._chance.uniform(*RECONNECT_SECONDS), self._connect, party)

    def _keep_alive(self) -> None:
        for party in (self.viewer, *self.devices):
            party.keep_alive()
            if party.client is None and party.alive:
                self._after(self._chance.uniform(*RECONNECT_SECONDS), self._connect, party)
        self._after(1.0, self._keep_alive)

    def _state(self, device: Device) -> None:
        if device.alive and not self._quiet:
            self.viewer.expect(*device.send_state())
            self._after(1.0 + self._about(STATE_SECONDS - 1.0), self._state, device)

    def _stats(self, device: Device) -> None:
        if device.alive and not self._quiet:
            device.send_stats()
            self._after(STATS_SECONDS, self._stats, device)

    def _begin(self, device: Device) -> None:
        if device.alive and not self._quiet:
            seconds = self._about(EPISODE_SECONDS)
            episode = device.begin_episode(seconds)
            for number in range(1, int(seconds / COMMIT_SECONDS) + 1):
                self._after(number * COMMIT_SECONDS, device.send_update, episode)
            self._after(seconds, self._end, device, episode)

    def _end(self, device: Device, episode: EpisodeRow) -> None:
        if device.alive:
            device.end_episode(episode)
            self._after(self._about(PAUSE_SECONDS), self._begin, device)

    def _flood(self, device: Device, end_s: float) -> None:
        if time.monotonic() < end_s and not self._quiet:
            for _ in range(BURST_EPISODES):
                device.end_episode(device.begin_episode(0.0))
            device.send_unreadable()
            self._after(FLOOD_SECONDS, self._flood, device, end_s)
