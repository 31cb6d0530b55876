"""`emotion-edge notify test`: one notification by every rule, to see that it arrives."""

import argparse
from pathlib import Path

from edge.commands.options import add_config
from edge.errors import EdgeError, UsageError
from edge.settings import Settings, device_name, load


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "notify", help="`notify test` sends one notification by each [[notify]] of the settings"
    )
    parser.add_argument(
        "action",
        choices=("test",),
        help="test: send one, and say whether each address took it",
    )
    add_config(parser)
    parser.set_defaults(command=test)


def test(args: argparse.Namespace) -> int:
    """Raises UsageError where no rule is set, SettingsError where a file is missing, EdgeError for refused ones."""
    settings = load(args.config)
    if not settings.notify:
        raise UsageError("no rules are set", "give --config FILE with one or more [[notify]]")
    refused = send_tests(settings)
    if refused:
        raise EdgeError(f"{', '.join(refused)}: not all addresses took it", "check them, and the network")
    return 0


def send_tests(settings: Settings) -> list[str]:
    """Send one by each rule, and print how it went; gives the rules whose notification did not reach all addresses."""
    from edge.gateway.notify.postbox import Postbox

    name = device_name(settings)
    postboxes = [Postbox(Path(rule.urls_file)) for rule in settings.notify]
    refused = []
    for rule, postbox in zip(settings.notify, postboxes, strict=True):
        try:
            postbox.send(name, f"This is a test of the rule {rule.title}: its notifications arrive.")
            print(f"{rule.title}: sent; addresses: {postbox.count}")
        except EdgeError:
            refused.append(rule.title)
            print(f"{rule.title}: not taken by all addresses; addresses: {postbox.count}")
    return refused
