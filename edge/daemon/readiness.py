"""Hear from a child process that it is ready: the other end of the sd_notify protocol (man sd_notify)."""

import secrets
import socket
import subprocess
from collections.abc import Callable

LOOK_SECONDS = 0.1  # between two looks whether the child is still there
LONGEST_STATE = 4096


class Readiness:
    """A socket for one child: put `address` into its $NOTIFY_SOCKET, then `wait`."""

    def __init__(self) -> None:
        self.address = f"@emotion-edge-{secrets.token_hex(8)}"
        """in the abstract namespace: no file is left behind"""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(f"\0{self.address[1:]}")
        self._socket.settimeout(LOOK_SECONDS)

    def wait(self, child: "subprocess.Popen[bytes]", given_up: Callable[[], bool]) -> bool:
        """Whether `child` said that it is ready, before it ended or was `given_up`."""
        with self._socket:
            while child.poll() is None and not given_up():
                try:
                    states = self._socket.recv(LONGEST_STATE).split(b"\n")
                except TimeoutError:
                    continue
                if b"READY=1" in states:
                    return True
        return False
