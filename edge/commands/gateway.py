"""`emotion-edge gateway`: serve the page, say its address, replace its token.

On the device systemd/emotion-edge switches the unit on and off itself, which takes root: `gateway enable`, `disable`.
"""

import argparse
import importlib.util
import logging
import os
import socket
import sys
from pathlib import Path
from typing import TextIO

import edge
from edge.commands import output
from edge.commands.options import add_config
from edge.daemon.command import command_name
from edge.errors import SettingsError, UsageError
from edge.settings import INSTALLED, PROJECT, Settings, load, log_path

REQUIREMENTS = Path(edge.__file__).parent / "requirements-gateway.txt"
LIBRARIES = ("flask", "waitress", "PIL", "segno", "paho", "prometheus_client")
ACTIONS = ("run", "url", "token", "enable", "disable")
ENABLE = "sudo emotion-edge gateway enable"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("gateway", help="serve the live page; `gateway url` prints its address with the token")
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="run",
        help="run: serve until stopped; url: the page's address, also as a QR code; token: the token alone; "
        "enable, disable: on a device, by sudo: start or stop the service, now and at every boot (default: run)",
    )
    add_config(parser)
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="with run: event log to show (default: the one that the settings name)"
    )
    parser.add_argument("--new", action="store_true", help="with token: replace it; old addresses and sessions end")
    parser.set_defaults(command=gateway)

    notice = commands.add_parser("notice", help="write a notice for people in view, to be printed (A4, with a QR code)")
    add_config(notice)
    notice.add_argument(
        "--output",
        type=output.parse,
        default=Path("notice.html"),
        metavar="FILE",
        help=f"{output.HELP} (default: notice.html)",
    )
    notice.add_argument("--url", metavar="URL", help="what the QR code leads to (default: this device's /notice)")
    notice.set_defaults(command=write)


def gateway(args: argparse.Namespace) -> int:
    """Raises SettingsError where the gateway's libraries are missing, UsageError where only root can do it."""
    if args.new and args.action != "token":
        raise UsageError("--new goes with `gateway token` alone", f"{command_name()} gateway token --new")
    if args.log and args.action != "run":
        raise UsageError("--log goes with `gateway run` alone", f"{command_name()} gateway run --log {args.log}")
    if args.action in ("enable", "disable"):
        raise UsageError(
            "only root switches the service on and off, and only where systemd/install.sh installed it",
            f"there: {ENABLE}; here `{command_name()} gateway` serves the page until stopped",
        )
    settings = load(args.config)
    check_libraries()
    if args.action == "run":
        from edge.gateway import server

        return server.run(settings, args.log)
    if args.action == "url":
        show_url(settings, sys.stdout)
    else:
        show_token(args.new)
    return 0


def write(args: argparse.Namespace) -> int:
    settings = load(args.config)
    check_libraries()
    from edge.commands.notice import default_url, render_notice
    from edge.gateway.notice import is_complete

    output.refuse_the_log(args.output, [log_path(settings)])
    url = default_url(settings, socket.gethostname()) if args.url is None else args.url
    output.write(render_notice(settings, url), args.output)
    if not is_complete(settings):
        logging.warning("the notice has gaps: set operator, contact and purpose under [notice] in the settings")
    return 0


def show_token(new: bool) -> None:
    from edge.gateway.access_token import AccessToken
    from edge.gateway.gateway import token_file

    token = AccessToken(token_file())
    if new:
        token.renew()
    print(token.value())


def show_url(settings: Settings, stream: TextIO) -> None:
    """Print the address that opens the page, as a QR code too where a person looks, and how to come from elsewhere."""
    from edge.gateway.hosts import is_loopback

    url = page_url(settings)
    stream.write(f"{url}\n")
    if not stream.isatty():
        return
    address, port = settings.web.address
    if is_loopback(address):
        host = socket.gethostname().partition(".")[0]
        user = os.environ.get("SUDO_USER") or os.environ.get("USER") or "USER"
        stream.write(
            "\nThis machine alone can open it. From another one, first:\n"
            f"  ssh -L {port}:127.0.0.1:{port} {user}@{host}.local\n"
            f'or set web.listen = "0.0.0.0:{port}" in the settings, which opens it to the network.\n'
        )
        return
    import segno

    stream.write("\n")
    segno.make(url, error="l").terminal(stream, compact=True)


def page_url(settings: Settings) -> str:
    """With the token."""
    from edge.gateway.access_token import AccessToken
    from edge.gateway.gateway import token_file
    from edge.gateway.hosts import is_loopback

    address, port = settings.web.address
    if address in ("0.0.0.0", "::"):
        host = f"{socket.gethostname().partition('.')[0]}.local"
    elif is_loopback(address):
        host = "localhost"
    else:
        host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{port}/?token={AccessToken(token_file()).value()}"


def check_libraries() -> None:
    """Raises SettingsError where the gateway's libraries are missing."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        found = f"the page needs {', '.join(missing)}, which is not installed"
        remedy = ENABLE if INSTALLED in PROJECT.parents else f"{sys.executable} -m pip install -r {REQUIREMENTS}"
        raise SettingsError(found, remedy)
