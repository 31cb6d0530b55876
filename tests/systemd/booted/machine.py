"""A Debian in a container of systemd-nspawn: made once, by debootstrap; what happens in it is forgotten when it ends.

It shares the network of this machine: sshd listens on a loopback port of its own.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from edge.settings import PROJECT
from tests.pi.debian import mirror
from tests.ssh import make_client, make_key
from tests.systemd.booted.releases import Release, bring_cameras

CACHE = PROJECT / ".cache" / "booted"
PACKAGES = "systemd-sysv,dbus,python3-venv,python3-numpy,openssh-server,sudo,ca-certificates"
PROGRAMS = ("debootstrap", "systemd-nspawn", "ssh")
PORT = 2222
PATIENCE_SECONDS = 60.0
OF_THE_HOST = ("/etc/resolv.conf", "/etc/pip.conf")  # apt and pip reach there what they reach here
CERTIFICATES = "/etc/ssl/certs"  # of the host, too; packages add their own, which go with the container

missing = [program for program in PROGRAMS if not shutil.which(program)]
needs_containers = [
    pytest.mark.skipif(os.geteuid() != 0, reason="booting a container needs root"),
    pytest.mark.skipif(
        bool(missing), reason=f"{', '.join(missing)}: apt install debootstrap systemd-container openssh-client"
    ),
]

CONFIGURE = f"""
echo pi >/etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 pi\\n' >/etc/hosts
useradd --create-home --shell /bin/bash pi
echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi
printf 'ListenAddress 127.0.0.1\\nPort {PORT}\\n' >/etc/ssh/sshd_config.d/booted.conf
systemctl mask --quiet getty.target console-getty.service
"""


def build(release: Release) -> Path:
    """The root folder, made in minutes where it is not there yet, or was made otherwise."""
    root = CACHE / release.name
    ready = CACHE / f"{release.name}.ready"
    recipe = PACKAGES + CONFIGURE + release.install_camera
    if ready.exists() and ready.read_text() == recipe:
        return root
    shutil.rmtree(root, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    make = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", release.name, str(root), mirror()]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    bring_cameras(root)
    script = CONFIGURE + release.install_camera
    subprocess.run([*container(root), "sh", "-ec", script], check=True, stdin=subprocess.DEVNULL)
    ready.write_text(recipe)
    return root


def container(root: Path) -> list[str]:
    binds = [f"--bind-ro={path}" for path in OF_THE_HOST if Path(path).exists()]
    keep_apart = ["--register=no", "--keep-unit", "--resolv-conf=off"]
    certificates = f"--overlay={CERTIFICATES}::{CERTIFICATES}"
    return ["systemd-nspawn", "--quiet", "--machine=pi", *keep_apart, *binds, certificates, f"--directory={root}"]


class Machine:
    """Boots with the context and ends with it. `folder`, new, takes keys and console."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.release = release
        self._folder = folder
        self.programs = make_client(folder, "pi", PORT, "pi")
        """to be put on PATH: an `ssh` that knows the host `pi`"""

    def __enter__(self) -> "Machine":
        root = build(self.release)
        let_in(root, make_key(self._folder / "key"))
        self._console = (self._folder / "console").open("wb")
        self._process = subprocess.Popen(
            [*container(root), "--boot", "--volatile=overlay"],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
        )
        try:
            self.wait_for("true")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._console.close()

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell's `command` there, as the user pi; errors are part of the output."""
        return subprocess.run(
            [self.programs / "ssh", "pi", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def output(self, command: str) -> str:
        """What `command` prints; raises AssertionError where it fails."""
        done = self.run(command)
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def wait_for(self, command: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until `command` succeeds; raises AssertionError with the journal."""
        end = time.monotonic() + seconds
        while (done := self.run(command)).returncode:
            assert self._process.poll() is None, (self._folder / "console").read_text(errors="replace")
            if time.monotonic() > end:
                journal = self.run("sudo journalctl --no-pager --lines 40").stdout
                raise AssertionError(f"not within {seconds:.0f} s: {command}\n{done.stdout}\n{journal}")
            time.sleep(1)


def let_in(root: Path, public_key: str) -> None:
    """Who has the key may log in as pi."""
    home = root / "home/pi"
    allowed = home / ".ssh/authorized_keys"
    allowed.parent.mkdir(mode=0o700, exist_ok=True)
    allowed.write_text(public_key)
    for path in (allowed.parent, allowed):
        shutil.chown(path, home.stat().st_uid, home.stat().st_gid)
