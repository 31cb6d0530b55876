"""A device, reached by the user's own OpenSSH: keys, agent and ~/.ssh/config count.

What is installed there goes on when the connection is lost: it runs in a session of its own, under
the lock of install.sh, and its output and its status are fetched from files.
"""

import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edge.errors import EdgeError, UsageError

UNREACHED = 255  # ssh's own status; others are the command's
NOT_BEGUN = 254
BUSY = 3  # install.sh: another one is at work
CONNECTIONS = 5  # to follow one installation; lost as often, it is given up
RECONNECT_SECONDS = 2.0
# Letters, digits, and what user names, IPv6 addresses and ssh:// need: nothing that ssh takes for an
# option, and nothing that a ProxyCommand of ~/.ssh/config would hand to a shell.
HOST = re.compile(r"(ssh://)?([\w.][\w.+-]*@)?[\w\[][\w.:%\[\]+-]*")

MAKE_FOLDER = "mktemp -d"
UNPACK = (
    'folder=$(mktemp -d) && echo "$folder" && '
    '{ tar -xz -C "$folder" || { rm -rf "$folder"; exit 1; }; }'
)
# As root, and beyond the connection: output and status go into files, and nothing else is left.
RUN = """umask 022
trap '' HUP PIPE
echo $$ >{folder}/process
exec >{folder}/log 2>&1 </dev/null
{command}
echo $? >{folder}/status.new
rm -rf {folder}/emotion-edge-* {folder}/settings.toml
mv {folder}/status.new {folder}/status
"""
# Who logs in as root may have no sudo. The connection must not end before the new session has begun.
START = """printf %s {script} >{folder}/run &&
$(command -v sudo) setsid --fork sh {folder}/run || exit 1
for wait in 1 2 3 4 5 6 7 8 9 10; do [ -e {folder}/log ] && exit 0; sleep 0.5; done; exit 1"""
FOLLOW = """[ -e {folder}/log ] || exit {not_begun}
process=/proc/$(cat {folder}/process)
(until [ -e {folder}/status ] || [ ! -e $process ]; do sleep 0.2; done) &
tail -n +{line} -s 0.2 --pid=$! -f {folder}/log
exit $(cat {folder}/status || echo 1)"""
ROLLBACK = "/opt/emotion-edge/current/systemd/install.sh rollback"
LOOK = """readlink /opt/emotion-edge/current
systemctl show emotion-edge --timestamp=utc --property=ActiveState,StatusText,StateChangeTimestamp
true"""

Say = Callable[[str], None]


class DeployError(EdgeError):
    """The device was not reached, or the release does not run there."""


@dataclass(frozen=True)
class State:
    """What runs on a device. `version` is that of the release; empty: none is installed."""

    version: str
    service: str
    since: str


def check_host(host: str) -> None:
    """Raises UsageError where `host` could be taken for something else."""
    if not HOST.fullmatch(host):
        raise UsageError(
            f"{host!r} is not taken for a host",
            "give USER@HOST, an address, or a name of ~/.ssh/config",
        )


class Device:
    """`connection`: the path of its socket, new. `interactive`: ssh and sudo may ask for a password."""

    def __init__(self, host: str, connection: Path, interactive: bool) -> None:
        self.host = host
        self._interactive = interactive
        self._interrupted = False
        self._following: subprocess.Popen[str] | None = None
        # One connection for all, so that a password is asked for once; a lost one is noticed after 45 s.
        options = [f"ControlPath={connection}", "ControlMaster=auto", "ControlPersist=60"]
        options.append("ServerAliveInterval=15")
        if not interactive:
            options.append("BatchMode=yes")
        self._ssh = ["ssh"]
        for option in options:
            self._ssh += ["-o", option]

    def install(self, archive: Path, settings: Path | None, say: Say) -> None:
        """Install the release in `archive`, with `settings` where given. Raises DeployError."""
        say(f"sending {archive.name} ({archive.stat().st_size / 1e6:.1f} MB)")
        with archive.open("rb") as content:
            folder = self._make_folder(UNPACK, content)
        command = f"{folder}/emotion-edge-*/install.sh"
        if settings:
            self._send_settings(folder, settings)
            command += f" --settings {folder}/settings.toml"
        self._run(folder, command, say)

    def roll_back(self, say: Say) -> None:
        """Go back to the release before. Raises DeployError."""
        self._run(self._make_folder(MAKE_FOLDER), ROLLBACK, say)

    def look(self) -> State:
        """What runs there. Raises DeployError."""
        lines = self._call(LOOK).splitlines()
        values = {"ActiveState": "no systemd", "StatusText": "", "StateChangeTimestamp": ""}
        release = ""
        for line in lines:
            name, _, value = line.partition("=")
            if name in values:
                values[name] = value
            elif line.startswith("releases/"):
                release = line.removeprefix("releases/")
        service = f"{values['ActiveState']} {values['StatusText']}".strip()
        return State(release, service, values["StateChangeTimestamp"])

    def interrupt(self) -> None:
        """No longer follow what is installed; it goes on. From any thread."""
        self._interrupted = True
        if self._following is not None:
            self._following.terminate()

    def close(self) -> None:
        subprocess.run(
            [*self._ssh, "-O", "exit", "--", self.host], check=False, stderr=subprocess.DEVNULL
        )

    def _make_folder(self, command: str, content: BinaryIO | None = None) -> str:
        said = self._call(command, content, "did not unpack the archive")
        return shlex.quote(said.split()[-1])  # a login script may say something first

    def _send_settings(self, folder: str, settings: Path) -> None:
        try:
            with settings.open("rb") as content:
                self._call(f"umask 077 && cat >{folder}/settings.toml", content)
        except DeployError:
            self._ssh_run(f"rm -rf {folder}")
            raise

    def _run(self, folder: str, command: str, say: Say) -> None:
        script = shlex.quote(RUN.format(folder=folder, command=command))
        say("starting install.sh")
        self._start(folder, START.format(folder=folder, script=script))
        status = self._follow(folder, say)
        # Not left to the script that follows: it also goes on where the connection is lost.
        self._ssh_run(f"rm -rf {folder}")
        if status == BUSY:
            raise DeployError(
                f"{self.host}: another deploy is at work there, and this one changed nothing",
                "try again when it has ended",
            )
        if status == NOT_BEGUN:
            raise DeployError(
                f"{self.host}: the connection was lost, and install.sh has left no trace there",
                "`deploy --list` tells what runs",
            )
        if status:
            raise DeployError(
                f"{self.host}: install.sh ended with status {status}", "what it said is above"
            )

    def _start(self, folder: str, command: str) -> None:
        terminal = ["-t"] if self._interactive else []  # sudo may ask for a password
        done = self._ssh_run(command, terminal=terminal)
        if done.returncode not in (0, UNREACHED):  # unreached: it may have begun all the same
            self._ssh_run(f"rm -rf {folder}")
            raise DeployError(
                f"{self.host} did not start install.sh (status {done.returncode}); "
                f"nothing was installed{self._words(done)}",
                f"try `ssh {self.host}` and look there",
            )

    def _follow(self, folder: str, say: Say) -> int:
        """Say what install.sh says, over as many connections as it takes; return its status."""
        line = 1
        for _ in range(CONNECTIONS):
            if self._interrupted:
                break
            command = FOLLOW.format(folder=folder, line=line, not_begun=NOT_BEGUN)
            with subprocess.Popen(
                [*self._ssh, "--", self.host, command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
                errors="replace",
            ) as process:
                self._following = process
                assert process.stdout is not None
                for text in process.stdout:
                    line += 1
                    say(text.rstrip())
            if process.returncode != UNREACHED and not self._interrupted:
                return process.returncode
            say("the connection was lost; connecting again")
            time.sleep(RECONNECT_SECONDS)
        raise DeployError(
            f"{self.host}: the connection was lost; the device goes on by itself, and keeps what ran "
            "before where the new release does not get ready",
            "`deploy --list` tells what runs",
        )

    def _call(self, command: str, content: BinaryIO | None = None, failed: str = "failed") -> str:
        """What `command` prints there. Raises DeployError where nothing was changed yet."""
        done = self._ssh_run(command, content)
        if done.returncode == UNREACHED:
            raise DeployError(
                f"{self.host} is not reached{self._words(done)}",
                f"`ssh {self.host}` must work first",
            )
        if done.returncode:
            raise DeployError(
                f"{self.host} {failed} (status {done.returncode}); nothing was installed{self._words(done)}",
                f"try `ssh {self.host}` and look there",
            )
        return done.stdout

    def _ssh_run(
        self, command: str, content: BinaryIO | None = None, terminal: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """With a terminal, its input and output are the user's."""
        # A file: the connection that ssh leaves in the background would keep a pipe open.
        with tempfile.TemporaryFile("w+", errors="replace") as complaints:
            done = subprocess.run(
                [*self._ssh, *terminal, "--", self.host, command],
                check=False,
                stdin=None if terminal else content or subprocess.DEVNULL,
                stdout=None if terminal else subprocess.PIPE,
                stderr=None if self._interactive else complaints,
                text=True,
                errors="replace",
            )
            complaints.seek(0)
            done.stderr = complaints.read()
        return done

    def _words(self, done: subprocess.CompletedProcess[str]) -> str:
        """The last line of what ssh or the device complained of, where nobody has seen it."""
        lines = done.stderr.strip().splitlines()
        return f" ({lines[-1]})" if lines else ""
