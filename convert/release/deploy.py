"""Bring the bundle to a device and install it there, by the user's own OpenSSH: keys, agent and
~/.ssh/config count.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from convert.release.bundle import bundle
from edge.errors import EdgeError

UNREACHED = 255  # ssh's own status; others are the command's
UNPACK = 'folder=$(mktemp -d) && tar -xz -C "$folder" && echo "$folder"'
INSTALL = "$(command -v sudo) {folder}/*/install.sh"  # systems on which one logs in as root may have no sudo


class DeployError(EdgeError):
    """The device was not reached, or the release does not run there."""


def deploy(host: str, python: str | None = None) -> None:
    """Install this release on `host`: USER@HOST or a name of ~/.ssh/config.

    `python`: its wheels go along, as in `bundle`. What the device's install.sh says goes to the
    terminal; it verifies the checksums, waits for the first analyzed frame, and goes back to
    the release before where none comes. Raises ModelError as `bundle` does, DeployError.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = bundle(Path(folder), python)
        print(f"{archive.name} ({archive.stat().st_size / 1e6:.1f} MB) to {host} ...", flush=True)
        # One connection for all, so that a password is asked for once; a lost one is noticed after 45 s.
        options = [
            "-o",
            f"ControlPath={folder}/ssh",
            "-o",
            "ControlMaster=auto",
            "-o",
            "ControlPersist=60",
        ]
        ssh = ["ssh", *options, "-o", "ServerAliveInterval=15"]
        try:
            _install(ssh, host, archive)
        except KeyboardInterrupt:
            raise DeployError(
                f"{host}: stopped; the same command again completes what is half done"
            ) from None
        finally:
            subprocess.run([*ssh, "-O", "exit", "--", host], check=False, stderr=subprocess.DEVNULL)


def _install(ssh: list[str], host: str, archive: Path) -> None:
    with archive.open("rb") as content:
        unpacked = subprocess.run(
            [*ssh, "--", host, UNPACK],
            check=False,
            stdin=content,
            stdout=subprocess.PIPE,
            text=True,
        )
    if unpacked.returncode == UNREACHED:
        raise DeployError(
            f"{host} is not reached (above, in ssh's words): `ssh {host}` must work first"
        )
    if unpacked.returncode:
        raise DeployError(
            f"{host} did not unpack the archive (status {unpacked.returncode}); nothing was installed"
        )
    folder = unpacked.stdout.split()[-1]  # a login script may say something first
    terminal = ["-t"] if sys.stdin.isatty() else []  # sudo may ask for a password
    try:
        installed = subprocess.run(
            [*ssh, *terminal, "--", host, INSTALL.format(folder=folder)], check=False
        )
    finally:
        subprocess.run([*ssh, "--", host, f"rm -rf {folder}"], check=False)
    if installed.returncode == UNREACHED:
        raise DeployError(
            f"{host}: the connection was lost; the same command again completes what is half done"
        )
    if installed.returncode:
        raise DeployError(
            f"{host}: install.sh ended with status {installed.returncode}; what it said is above"
        )
