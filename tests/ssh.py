"""An ssh of the tests' own: a key, and a client that knows one host; and what is deployed through it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from edge.settings import PROJECT

CONFIG = """
Host {name}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/key
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking accept-new
  LogLevel ERROR
"""


def make_key(path: Path) -> str:
    """Write a private key without a password to `path`; return the public one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path.with_name(f"{path.name}.pub").read_text()


def make_client(folder: Path, name: str, port: int, user: str) -> Path:
    """Make a program `ssh` for which `name` is the loopback `port`; the key is `folder`/key.

    Returns its folder, to be put on PATH.
    """
    (folder / "config").write_text(CONFIG.format(name=name, port=port, user=user, folder=folder))
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    program.chmod(0o755)
    return programs


def deploy(programs: Path, *arguments: str, project: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    """`convert deploy` of `project`, with the `ssh` of `programs`; errors are part of the output."""
    return subprocess.run(
        [sys.executable, "-m", "convert", "deploy", *arguments],
        cwd=project,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
