"""What a unit's process sees and may write, and what the service's user has written."""

import re

from tests.systemd.booted.installed import STATE_FOLDER, main_pid
from tests.systemd.booted.machine import Machine

HARMLESS = re.compile("/dev/(null|zero|full|random|urandom|tty|ptmx|console|pts/.*)")
OWN = re.compile("/tmp|/var/tmp|/dev/(shm|mqueue)")  # the unit's own /tmp, and memory


def in_its_view(pi: Machine, unit: str, command: str) -> str:
    """What `command` prints as the service's user, among the files that `unit` sees."""
    who = "setpriv --reuid=emotion-edge --regid=emotion-edge --init-groups"
    return pi.output(f"sudo nsenter --target {main_pid(pi, unit)} --mount {who} sh -c '{command}'")


def devices_of(pi: Machine, unit: str) -> list[str]:
    """The device files that `unit` sees, without the harmless ones."""
    devices = in_its_view(pi, unit, 'find /dev -type c -o -type b -o -name "video*" | sort').split()
    return [device for device in devices if not HARMLESS.fullmatch(device)]


def writable_folders(pi: Machine, unit: str) -> list[str]:
    """Where `unit` may write, without what is gone with it."""
    search = "find / -path /proc -prune -o -type d -writable -print 2>/dev/null"
    folders = in_its_view(pi, unit, f"{search}; true").split()
    return [folder for folder in folders if not OWN.match(folder)]


def files_elsewhere(pi: Machine) -> str:
    """Files of the service's user outside its state folder."""
    elsewhere = f"-not -path '{STATE_FOLDER}/*' -not -path '/proc/*'"
    return pi.output(f"sudo find / -xdev -user emotion-edge -type f {elsewhere}")
