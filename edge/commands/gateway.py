"""`emotion-edge gateway`: serve the page, say its address, replace its token, switch its unit on."""

import argparse
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import edge
from edge.daemon.command import command_name
from edge.errors import EXIT_TRY_AGAIN, SettingsError, UsageError
from edge.settings import Settings, load, log_path

UNIT = "emotion-edge-gateway"
REQUIREMENTS = Path(edge.__file__).parent / "requirements-gateway.txt"
LIBRARIES = ("flask", "waitress", "PIL", "segno")
ACTIONS = ("run", "url", "token", "enable")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("gateway", help="serve the page and its API; url prints the address with its token")
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        default="run",
        help="run: serve until stopped; url: the page's address, also as a QR code; token: the token alone; "
        "enable: start the service, now and at every boot (default: run)",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")
    parser.add_argument("--new", action="store_true", help="with token: replace it; old addresses and sessions end")
    parser.set_defaults(command=gateway)

    notice = commands.add_parser("notice", help="the notice for people in view, to be printed (A4, with a QR code)")
    notice.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")
    notice.add_argument("--output", type=Path, default=Path("notice.html"), metavar="FILE", help="default: notice.html")
    notice.add_argument("--url", metavar="URL", help="what the QR code leads to (default: this device's /notice)")
    notice.set_defaults(command=write)


def gateway(args: argparse.Namespace) -> int:
    """Raises SettingsError where the gateway's libraries are missing."""
    if args.new and args.action != "token":
        raise UsageError("--new goes with `gateway token` alone")
    if args.action == "enable":
        return enable()
    settings = load(args.config)
    _check_libraries()
    if args.action == "run":
        from edge.gateway import server

        return server.run(settings)
    if args.action == "url":
        show_url(settings, sys.stdout)
    else:
        show_token(args.new)
    return 0


def write(args: argparse.Namespace) -> int:
    settings = load(args.config)
    _check_libraries()
    from edge.commands.notice import default_url, write_notice

    if args.output.exists() and log_path(settings).exists() and args.output.samefile(log_path(settings)):
        raise UsageError(f"{args.output}: is the event log itself", "give another --output")
    url = default_url(settings, socket.gethostname()) if args.url is None else args.url
    missing = write_notice(settings, args.output, url)
    print(f"wrote {args.output}" + (f"; {missing}" if missing else ""))
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


def enable() -> int:
    """Start the unit, now and at every boot; raises UsageError where there is none."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        raise UsageError("systemd is not here", f"`{command_name()} gateway` serves the page until stopped")
    done = subprocess.run([systemctl, "enable", "--now", UNIT], capture_output=True, text=True)
    if done.returncode:
        print(f"{done.stderr.strip()}; it needs sudo, and a bundle installed by install.sh", file=sys.stderr)
        return EXIT_TRY_AGAIN
    print(f"{UNIT} runs, and starts at every boot; `emotion-edge gateway url` prints the page's address")
    return 0


def _check_libraries() -> None:
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        found = f"the page needs {', '.join(missing)}, which is not installed"
        raise SettingsError(found, f"{sys.executable} -m pip install -r {REQUIREMENTS}")
