"""Install, roll back and list the releases of one or many devices, several at once."""

import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from pathlib import Path

from convert.release.bundle import bundle
from convert.release.device import DeployError, Device, Say, State, check_host
from edge import settings as edge_settings

LOOK_SECONDS = 0.5
Act = Callable[[Device, Say], None]


def deploy(
    hosts: Sequence[str],
    python: str | None = None,
    settings: Path | None = None,
    parallel: int = 1,
    keep_going: bool = False,
) -> None:
    """Install this release on each of `hosts`: USER@HOST or a name of ~/.ssh/config.

    `python`: its wheels go along, as in `bundle`. `settings`: replace the device's. The device's
    install.sh verifies the checksums, waits for the first analyzed frame, and goes back to the
    release and settings before where none comes. After a failure no further device is begun, unless
    `keep_going`. Raises UsageError, SettingsError, ModelError as `bundle` does, DeployError.
    """
    if settings:
        edge_settings.load(settings)
    with tempfile.TemporaryDirectory() as folder:
        archive = bundle(Path(folder), python)
        work = _Work(hosts, parallel, keep_going)
        work.run(lambda device, say: device.install(archive, settings, say))


def roll_back(hosts: Sequence[str], parallel: int = 1, keep_going: bool = False) -> None:
    """Go back to the release before on each of `hosts`. Raises UsageError, DeployError."""
    _Work(hosts, parallel, keep_going).run(lambda device, say: device.roll_back(say))


def show(hosts: Sequence[str], parallel: int = 1) -> None:
    """Print what runs on each of `hosts`. Raises UsageError; DeployError where one is not reached."""
    states: dict[str, State] = {}

    def look(device: Device, _say: Say) -> None:
        states[device.host] = device.look()

    work = _Work(hosts, parallel, keep_going=True)
    try:
        work.run(look)
    finally:
        width = work.width
        print(f"{'host':{width}}  {'version':24}  {'service':30}  since")
        for host in work.hosts:
            if host in states:
                state = states[host]
                version = state.version or "not installed"
                print(f"{host:{width}}  {version:24}  {state.service:30}  {state.since}")
            else:
                print(f"{host:{width}}  not reached")


class _Work:
    """The same on every host, `parallel` at once."""

    def __init__(self, hosts: Sequence[str], parallel: int, keep_going: bool) -> None:
        for host in hosts:
            check_host(host)
        self.hosts = list(dict.fromkeys(hosts))
        self.width = max(len(host) for host in self.hosts)
        self._parallel = parallel
        self._keep_going = keep_going
        self._failures: dict[str, DeployError] = {}
        self._not_begun: list[str] = []
        self._devices: list[Device] = []
        self._failed = threading.Event()
        self._interrupted = threading.Event()

    def run(self, act: Act) -> None:
        """Raises DeployError where one failed."""
        with (
            tempfile.TemporaryDirectory(prefix="ssh-") as folder,
            futures.ThreadPoolExecutor(self._parallel) as pool,
        ):
            jobs = []
            for number, host in enumerate(self.hosts):
                jobs.append(pool.submit(self._one, host, Path(folder, str(number)), act))
            self._wait(jobs)
        if self._interrupted.is_set():
            raise DeployError(
                "stopped; a device that had begun goes on by itself",
                "the same command again completes what is half done",
            )
        for job in jobs:
            job.result()  # raises what nobody expected
        if len(self.hosts) == 1 and self._failures:
            raise self._failures[self.hosts[0]]
        if self._failures:
            raise DeployError(
                self._summary(), "the lines above say why; give the same command for these"
            )

    def _wait(self, jobs: list[futures.Future[None]]) -> None:
        """Until all have ended. After Ctrl-C none is begun or followed any more.

        It looks often: where another thread gets the signal, a wait without end is not interrupted.
        """
        while True:
            try:
                if not futures.wait(jobs, timeout=LOOK_SECONDS).not_done:
                    return
            except KeyboardInterrupt:
                self._interrupted.set()
            if self._interrupted.is_set():
                for device in list(self._devices):
                    device.interrupt()

    def _one(self, host: str, connection: Path, act: Act) -> None:
        if self._interrupted.is_set() or (self._failed.is_set() and not self._keep_going):
            self._not_begun.append(host)
            return
        interactive = len(self.hosts) == 1 and sys.stdin.isatty()
        device = Device(host, connection, interactive)
        self._devices.append(device)
        try:
            act(device, lambda text: self._say(host, text))
            self._say(host, "done")
        except DeployError as error:
            self._failures[host] = error
            self._failed.set()
            if len(self.hosts) > 1:
                self._say(host, f"FAILED: {error}")
        finally:
            device.close()

    def _say(self, host: str, text: str) -> None:
        print(f"{host:{self.width}}  {text}", flush=True)

    def _summary(self) -> str:
        text = f"{len(self._failures)} of {len(self.hosts)} devices failed: {', '.join(self._failures)}"
        if self._not_begun:
            text += (
                f"; not begun: {', '.join(self._not_begun)} (--keep-going goes on after a failure)"
            )
        return text
