"""Devices to deploy to: each an sshd of its own on this machine, with stand-ins for sudo and install.sh."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from edge.settings import PROJECT
from tests.ssh import CONFIG, make_client, make_key

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
PATIENCE_SECONDS = 30.0

# Root's commands run as they stand, but below the device's own folder.
SUDO = """#!/bin/sh
echo sudo >>{folder}/calls
for last; do true; done
sed -i "s#^/opt/#{folder}/opt/#" "$last"
exec "$@"
"""
# Checks what arrived, holds the lock that the real one holds, and ends as it is told.
INSTALL = """#!/bin/sh
echo "install.sh $*" | sed 's# /tmp/[^ ]*# FILE#; s# [^ ]*/settings.toml# settings.toml#' >>"$DEVICE/calls"
if [ "$1" != rollback ]; then
    (cd "$(dirname "$0")" && sha256sum --check --strict --quiet SHA256SUMS) || exit 99
fi
exec 9<"$DEVICE"
flock --nonblock 9 || { echo "install.sh: another install.sh is running" >&2; exit 3; }
[ "$1" != --settings ] || cp "$2" "$DEVICE/settings.toml"
echo "Building ..."
while [ -e "$DEVICE/hold" ]; do sleep 0.05; done
echo "Installed."
echo finished >>"$DEVICE/calls"
exit $(cat "$DEVICE/status")
"""
SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
SetEnv PATH={folder}/bin:{path} TMPDIR={folder}/tmp DEVICE={folder} HOME={folder}
"""


class Device:
    """`name` is what ssh knows it by."""

    def __init__(self, name: str, folder: Path, key: str) -> None:
        self.name = name
        self.folder = folder
        self.port = free_port()
        for part in ("bin", "tmp", "opt/emotion-edge/current/systemd"):
            (folder / part).mkdir(parents=True)
        make_key(folder / "host_key")
        (folder / "key.pub").write_text(key)
        self.set_status(0)
        self.write_program("sudo", SUDO.format(folder=folder))
        rollback = folder / "opt/emotion-edge/current/systemd/install.sh"
        rollback.write_text(INSTALL)
        rollback.chmod(0o755)
        config = SSHD_CONFIG.format(port=self.port, folder=folder, path=os.environ["PATH"])
        (folder / "sshd_config").write_text(config)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "sshd.log"
        self._server = subprocess.Popen([str(SSHD), "-D", "-E", log, "-f", self.folder / "sshd_config"])
        wait_until(lambda: log.exists() and "listening" in log.read_text(), "sshd")

    def stop(self) -> None:
        if self._server is not None:
            self.cut_connections()
            self._server.terminate()
            self._server.wait()
            self._server = None

    def cut_connections(self) -> None:
        """As a network that ends: the server's processes for its connections die."""
        assert self._server is not None
        for process in children(self._server.pid):
            os.kill(process, signal.SIGKILL)

    def hold(self) -> None:
        """install.sh waits from now on, until `go_on`."""
        (self.folder / "hold").touch()

    def go_on(self) -> None:
        (self.folder / "hold").unlink()

    def set_status(self, status: int) -> None:
        """What install.sh will end with."""
        (self.folder / "status").write_text(str(status))

    def write_program(self, name: str, script: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(script)
        program.chmod(0o755)

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def left_behind(self) -> list[Path]:
        return list((self.folder / "tmp").iterdir())


def make_devices(folder: Path, names: list[str]) -> tuple[dict[str, Device], Path]:
    """Started devices by name, and the folder of an `ssh` that knows them, to be put on PATH."""
    key = make_key(folder / "key")
    made = {}
    config = ""
    for name in names:
        own = folder / f"of-{name}"
        own.mkdir()
        made[name] = Device(name, own, key)
        made[name].start()
        config += CONFIG.format(name=name, port=made[name].port, user=getpass.getuser(), folder=folder)
    programs = make_client(folder, "nobody", 1, "nobody")
    (folder / "config").write_text(config)
    return made, programs


def make_project(folder: Path) -> Path:
    """This project with the stand-in for install.sh."""
    for part in ("convert", "edge", "models", "systemd", "train"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("LICENSE", "README.md", "requirements-edge.txt"):
        shutil.copy(PROJECT / part, folder)
    (folder / "systemd/install.sh").write_text(INSTALL)
    return folder


def children(process: int) -> list[int]:
    """All processes below `process`, the youngest last."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == process:
            child = int(path.parent.name)
            found += [child] if "sshd" in (path.parent / "comm").read_text() else []
            found += children(child)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Look often until `condition()`; raises AssertionError where it does not come true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.05)
