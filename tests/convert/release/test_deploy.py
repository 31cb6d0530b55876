"""Deploying through a real sshd; a stand-in for sudo checks what arrived instead of installing it.

What install.sh then does on a real system is `make test-systemd`'s.
"""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ssh import deploy, make_client, make_key

SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="sshd is not installed (apt install openssh-server)")

SUDO = """#!/bin/sh
echo "sudo $1"
cd "$(dirname "$1")" && sha256sum --check --strict --quiet SHA256SUMS && test -x install.sh || exit 99
exit $(cat {status})
"""
SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
SetEnv PATH={folder}/device:{path} TMPDIR={folder}/tmp
"""


class Device:
    """Where `convert deploy device` leads."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        for name in ("device", "tmp"):
            (folder / name).mkdir()
        self.set_status(0)
        self.write_program("sudo", SUDO.format(status=folder / "status"))

    def set_status(self, status: int) -> None:
        """What install.sh will end with."""
        (self.folder / "status").write_text(str(status))

    def write_program(self, name: str, script: str) -> None:
        program = self.folder / "device" / name
        program.write_text(script)
        program.chmod(0o755)

    def left_behind(self) -> list[Path]:
        return list((self.folder / "tmp").iterdir())


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for name in ("key", "host_key"):
        make_key(tmp_path / name)
    made = Device(tmp_path, make_client(tmp_path, "device", port, getpass.getuser()))
    path = os.environ["PATH"]
    (tmp_path / "sshd_config").write_text(SSHD_CONFIG.format(port=port, folder=tmp_path, path=path))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, and nothing makes it where no systemd runs
    with subprocess.Popen([str(SSHD), "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=subprocess.PIPE) as server:
        while "listening" not in (line := server.stderr.readline().decode()):
            assert line, "sshd ended"
        yield made
        server.terminate()


def test_the_whole_archive_arrives_is_installed_as_root_and_cleared_away(device: Device) -> None:
    done = deploy(device.programs, "device")
    assert done.returncode == 0, done.stdout
    assert f"sudo {device.folder}/tmp/" in done.stdout
    assert device.left_behind() == []


def test_a_failed_installation_is_a_failed_deployment(device: Device) -> None:
    device.set_status(1)
    done = deploy(device.programs, "device")
    assert done.returncode == 1
    assert "install.sh ended with status 1" in done.stdout
    assert device.left_behind() == []


def test_an_archive_that_cannot_be_unpacked_installs_nothing(device: Device) -> None:
    device.write_program("tar", "#!/bin/sh\necho 'tar: No space left on device' >&2\nexit 2\n")
    done = deploy(device.programs, "device")
    assert done.returncode == 1
    assert "No space left on device" in done.stdout
    assert "did not unpack the archive (status 2); nothing was installed" in done.stdout
    assert "sudo" not in done.stdout


def test_a_device_that_is_not_there_is_named_with_what_to_do(device: Device) -> None:
    done = deploy(device.programs, "ssh://pi@127.0.0.1:1")
    assert done.returncode == 1
    assert "Connection refused" in done.stdout
    assert "`ssh ssh://pi@127.0.0.1:1` must work first" in done.stdout


def test_a_host_is_never_taken_for_an_option(device: Device, tmp_path: Path) -> None:
    done = deploy(device.programs, "--", f"-oProxyCommand=touch {tmp_path}/taken")
    assert done.returncode == 1
    assert not (tmp_path / "taken").exists()
