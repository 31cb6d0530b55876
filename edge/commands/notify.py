"""`emotion-edge notify test`: one notification to every address, to see that it arrives."""

import argparse
import socket
from pathlib import Path

from edge.errors import UsageError
from edge.settings import load


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("notify", help="test: send one notification to every address of notify.urls_file")
    parser.add_argument("action", choices=("test",), help="test: send one, and say whether each address took it")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")
    parser.set_defaults(command=test)


def test(args: argparse.Namespace) -> int:
    """Raises UsageError where no file is set, SettingsError where it is none, EdgeError where an address refuses."""
    settings = load(args.config)
    if not settings.notify.urls_file:
        raise UsageError("no addresses are set", "give --config FILE with notify.urls_file")
    from edge.gateway.notify.postbox import Postbox

    name = settings.device.name or socket.gethostname()
    postbox = Postbox(Path(settings.notify.urls_file))
    postbox.send(name, "This is a test: notifications arrive.")
    print("sent; all addresses took it")
    return 0
