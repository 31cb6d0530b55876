"""Bookworm in a container of systemd-nspawn: made once, by debootstrap; what happens in it is forgotten when it ends.

It shares the network of this machine: sshd listens on a loopback port of its own.
"""

import shutil
import subprocess
import time
from pathlib import Path

from edge.settings import PROJECT
from tests.chaos import frames
from tests.chaos.trial import STANDIN
from tests.pi.debian import mirror
from tests.ssh import make_client, make_key

CACHE = PROJECT / ".cache" / "booted"
ROOT = CACHE / "bookworm"
PACKAGES = "systemd-sysv,dbus,python3-venv,python3-numpy,openssh-server,sudo,ca-certificates"
PROGRAMS = ("debootstrap", "systemd-nspawn")
PORT = 2222
PATIENCE_SECONDS = 60.0
OF_THE_HOST = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs")  # pip must reach what it reaches here

CONFIGURE = f"""
echo pi >/etc/hostname
echo '127.0.1.1 pi' >>/etc/hosts
useradd --create-home --shell /bin/bash pi
echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi
printf 'ListenAddress 127.0.0.1\\nPort {PORT}\\n' >/etc/ssh/sshd_config.d/booted.conf
systemctl mask --quiet getty.target console-getty.service
"""
# The stand-in for the Pi's camera of `make chaos`: /srv/fault says what is wrong with it.
PICAMERA2 = """
import os
os.environ.update(CHAOS_FRAMES="/srv/frames.npy", CHAOS_FAULT="/srv/fault")
exec(open("/srv/picamera2.py").read())
"""


def build() -> None:
    """Make `ROOT`, in minutes, where it is not there yet, or made otherwise."""
    ready, recipe = CACHE / "ready", PACKAGES + CONFIGURE + PICAMERA2
    if ready.exists() and ready.read_text() == recipe:
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    make = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(ROOT), mirror()]
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["chroot", ROOT, "sh", "-ec", CONFIGURE], check=True)
    (ROOT / "usr/lib/python3/dist-packages/picamera2.py").write_text(PICAMERA2)
    shutil.copy(STANDIN / "picamera2.py", ROOT / "srv")
    frames.write_good(ROOT / "srv/frames.npy")
    (ROOT / "srv/fault").write_text("good")
    ready.write_text(recipe)


class Machine:
    """Boots with the context and ends with it. `folder`, new, takes keys and console."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.programs = make_client(folder, "pi", PORT, "pi")
        """to be put on PATH: an `ssh` that knows the host `pi`"""

    def __enter__(self) -> "Machine":
        build()
        self._let_in(make_key(self._folder / "key"))
        binds = [f"--bind-ro={path}" for path in OF_THE_HOST if Path(path).exists()]
        boot = ["systemd-nspawn", "--quiet", "--boot", "--volatile=overlay", "--register=no", "--keep-unit"]
        self._console = (self._folder / "console").open("wb")
        self._process = subprocess.Popen(
            [*boot, *binds, f"--directory={ROOT}", "--machine=pi"],
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

    def _let_in(self, public_key: str) -> None:
        home = ROOT / "home/pi"
        allowed = home / ".ssh/authorized_keys"
        allowed.parent.mkdir(mode=0o700, exist_ok=True)
        allowed.write_text(public_key)
        for path in (allowed.parent, allowed):
            shutil.chown(path, home.stat().st_uid, home.stat().st_gid)
