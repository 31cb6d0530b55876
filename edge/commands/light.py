"""`emotion-edge light`: whether the service may use the pins of a light and a button; systemd/emotion-edge does it."""

import argparse

from edge.errors import UsageError

ENABLE = "sudo emotion-edge light enable"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("light", help="on a device, by sudo: let the service use a light and a button, or not")
    parser.add_argument(
        "action",
        choices=("enable", "disable"),
        help="enable: let the service use the pins that [light] in its settings names; disable: close them to it",
    )
    parser.set_defaults(command=refuse)


def refuse(args: argparse.Namespace) -> int:
    """Raises UsageError: on the device the command does not come here."""
    raise UsageError(
        "only root opens the pins to the service, and only where systemd/install.sh installed it",
        f"there: {ENABLE}; here `run` uses them where this user may",
    )
