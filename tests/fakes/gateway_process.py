"""The real gateway as a process, to be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from edge.settings import LogSettings
from tests.fakes.broker import Mosquitto, Subscriber, free_port
from tests.fakes.eventlog import Clock, fill
from tests.program import environment

QUIET_SECONDS = 120.0  # until a gateway has sent something, on a machine that does much else
LOOK_SECONDS = 1.0  # between two looks through all messages, which are tens of thousands after 200 kills


class GatewayProcess:
    """Runs `edge gateway` on the state of `folder` while it is open; `mqtt` are the lines of [mqtt]."""

    def __init__(self, folder: Path, mqtt: str) -> None:
        self._folder = folder
        self.config = folder / "settings.toml"
        self.config.write_text(f'[web]\nlisten = "127.0.0.1:{free_port()}"\n[mqtt]\n{mqtt}\n')
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)

    def start(self) -> None:
        command = [sys.executable, "-m", "edge", "gateway", "--config", str(self.config)]
        with (self._folder / "gateway.txt").open("ab") as told:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=environment(STATE_DIRECTORY=str(self._folder)), stderr=told, stdout=told
            )

    @property
    def told(self) -> str:
        """Its journal, over all starts."""
        return (self._folder / "gateway.txt").read_text()

    def end(self, number: int) -> None:
        assert self._process
        os.kill(self._process.pid, number)
        self._process.wait(20)


def ends(subscriber: Subscriber) -> list[int]:
    """The first observations of the episodes that came, in the order in which each came first."""
    found = [message.json for message in subscriber.of("hall/events")]
    return list(dict.fromkeys(int(one["id"].partition("-")[2]) for one in found if one["type"] == "end"))


def wait_for_end(subscriber: Subscriber, observation: int) -> None:
    """Until the episode that begins there has come; as long as messages come, there is hope."""
    while observation not in ends(subscriber):
        before = len(subscriber.messages)
        subscriber.wait_for(lambda before=before: len(subscriber.messages) > before, QUIET_SECONDS)  # type: ignore[misc]
        time.sleep(LOOK_SECONDS)


def kill_again_and_again(folder: Path, kills: int, seed: int = 1) -> list[int]:
    """Kill the gateway at any moment while it sends; gives the episodes that came."""
    chance = random.Random(seed)
    log = folder / "emotions.db"
    clock = Clock()
    fill(log, 100, LogSettings(commit_seconds=600.0), clock)
    with Mosquitto(folder) as broker, Subscriber(broker.port) as subscriber:
        process = GatewayProcess(folder, f'host = "127.0.0.1"\nport = {broker.port}\nname = "hall"')
        for _ in range(kills):
            process.start()
            before = len(subscriber.messages)
            subscriber.wait_for(lambda before=before: len(subscriber.messages) > before, QUIET_SECONDS)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.05))
            process.end(signal.SIGKILL)
            fill(log, 1000, LogSettings(commit_seconds=600.0), clock)
        with process:
            last = (100 + 1000 * kills - 1) // 10 * 10 - 9
            wait_for_end(subscriber, last)
        return ends(subscriber)
