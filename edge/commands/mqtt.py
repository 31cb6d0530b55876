"""`emotion-edge mqtt`: what a person does about MQTT by hand; the gateway does everything else."""

import argparse

from edge.commands.gateway import check_libraries
from edge.commands.options import add_config
from edge.errors import UsageError
from edge.settings import Settings, device_name, load

ACTIONS = ("forget",)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("mqtt", help="`mqtt forget` removes this device from Home Assistant and the broker")
    parser.add_argument(
        "action",
        choices=ACTIONS,
        help="forget: remove what the broker keeps of this device, upon which Home Assistant removes it too; set "
        "mqtt.discovery = false and restart the gateway first, which else announces it again",
    )
    add_config(parser)
    parser.set_defaults(command=forget)


def forget(args: argparse.Namespace) -> int:
    """Raises UsageError where no broker is set, EdgeError where it cannot be reached."""
    settings = load(args.config)
    check_libraries()
    if not settings.mqtt.host:
        raise UsageError("no broker is set", "give --config FILE with mqtt.host")
    from edge.gateway.mqtt.forget import forget

    forget(settings.mqtt, _name(settings))
    print(f"{settings.mqtt.host} keeps nothing of this device any more")
    return 0


def _name(settings: Settings) -> str:
    from edge.gateway.mqtt.bridge import name_of

    return name_of(settings, device_name(settings))
