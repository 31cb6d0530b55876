"""Under which names the page may be asked for.

A web page elsewhere can give its own name this machine's address (DNS rebinding) and then read what we answer, with
the visitor's browser as its way in. Its requests carry its name, so names that are not ours are refused.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

HOST_HEADER = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]{1,253}))(?::\d{1,5})?")


def own_names(extra: Iterable[str] = ()) -> frozenset[str]:
    """This machine's names, and those that the settings add."""
    hostname = socket.gethostname()
    names = ("localhost", hostname, f"{hostname.partition('.')[0]}.local", *extra)
    return frozenset(name.lower().rstrip(".") for name in names)


def is_allowed(host_header: str, names: frozenset[str]) -> bool:
    """Whether the value of a Host header is an IP address, which no one else can own, or one of `names`."""
    match = HOST_HEADER.fullmatch(host_header)
    if not match:
        return False
    name = match["v6"] or match["name"]
    return is_ip_address(name) or name.lower().rstrip(".") in names


def is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(address: str | None) -> bool:
    """Whether `address` is this machine's own; also as IPv6 writes an IPv4 address."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
