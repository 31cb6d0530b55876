"""Tell systemd how the service is: the sd_notify protocol, a datagram to $NOTIFY_SOCKET (man sd_notify)."""

import os
import socket


def notify(state: str) -> None:
    """Send `state`, such as READY=1 or WATCHDOG=1; does nothing outside a notify service."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.sendto(state.encode(), address)
