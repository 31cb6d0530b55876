"""The live page of a booted device, as a viewer on this machine reaches it."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message

from tests.systemd.booted.machine import Machine

PORT = 18770
LOOPBACK = "127.0.0.1"
SETTINGS = "/etc/emotion-edge/settings.toml"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes


def ask(path: str, token: str = "", address: str = LOOPBACK, data: bytes | None = None) -> Answer:
    """Raises OSError where nobody listens."""
    request = urllib.request.Request(f"http://{address}:{PORT}{path}", data=data)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def token_of(pi: Machine) -> str:
    return pi.output("sudo emotion-edge gateway token")


def listen_on(pi: Machine, address: str) -> None:
    """Change web.listen."""
    pi.output(f"""sudo sed -i -E 's/^(# )?listen = .*/listen = "{address}:{PORT}"/' {SETTINGS}""")


def wait_until_connected(pi: Machine) -> None:
    """Until the page hears the daemon."""
    token = token_of(pi)
    for _ in range(60):
        if json.loads(ask("/api/now", token).body)["live"]:
            return
        pi.output("sleep 1")
    raise AssertionError(pi.output("sudo journalctl --no-pager --lines 40"))
