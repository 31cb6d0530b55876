"""Tell systemd how the service is: the sd_notify protocol, a datagram to $NOTIFY_SOCKET (man sd_notify)."""

import logging
import os
import socket

WATCHDOG = "WATCHDOG=1"
logger = logging.getLogger(__name__)


MOST_UNSENT = 50  # of a systemd that never listens again
LAST_WORD_SECONDS = 1.0  # to wait for a busy systemd at the end


class Notifier:
    """Sends states such as READY=1 or WATCHDOG=1 without ever waiting.

    Does nothing where $NOTIFY_SOCKET is not set: outside a service of `Type=notify`.
    """

    def __init__(self, address: str | None = None) -> None:
        """`address` is a path, or a name after "@" in the abstract namespace; None takes $NOTIFY_SOCKET."""
        self._address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._complained = False
        self._unsent: list[str] = []
        """states for which systemd's queue was full, oldest first; they go before the next one"""

    def send(self, state: str) -> None:
        """Send `state`, or keep it for the next call while systemd is busy. The first failure is logged."""
        self._send(state, 0.0)

    def send_last(self, state: str) -> None:
        """Send what no later call will repeat."""
        self._send(state, LAST_WORD_SECONDS)

    def _send(self, state: str, patience_seconds: float) -> None:
        if not self._address:
            return
        if not (self._unsent and state == WATCHDOG):
            self._unsent.append(state)
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(patience_seconds)
                while self._unsent:
                    sender.sendto(self._unsent[0].encode(), address)
                    del self._unsent[0]
        except (BlockingIOError, TimeoutError):
            self._unsent = [kept for kept in self._unsent if kept != WATCHDOG][-MOST_UNSENT:]
        except OSError as error:
            self._unsent.clear()
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            self._complained = True
            reason = error.strerror or str(error)
            logger.warning(
                "systemd's socket %s (NOTIFY_SOCKET): %s; systemd hears nothing",
                self._address,
                reason,
            )


def notify(state: str) -> None:
    """Send one state of a process that has few to tell."""
    Notifier().send_last(state)
