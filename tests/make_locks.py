"""Write edge/locks/: what the device's requirements become on each system, every file with its sha256.

    python3.11 -m tests.make_locks; python3.13 -m tests.make_locks

To be run after every change of requirements-edge.txt or edge/requirements-gateway.txt, with each Python that a system
has: pip chooses the wheels of another machine, but asks the Python that it runs in what a package needs.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from convert.release.wheels import platform_arguments
from edge.settings import PROJECT

REQUIREMENTS = PROJECT / "requirements-edge.txt"
GATEWAY_REQUIREMENTS = PROJECT / "edge" / "requirements-gateway.txt"
LOCKS = PROJECT / "edge" / "locks"
REQUIREMENTS_BY_PREFIX = {"": REQUIREMENTS, "gateway-": GATEWAY_REQUIREMENTS}
"""what a lock is made from, by how its name begins: the gateway's packages are installed where it is switched on"""
WHEELLESS_ON_ARMV7L = ("numpy", "opencv-python-headless", "msgspec", "pillow", "markupsafe")
"""the index has none; piwheels builds them"""
HEADER = "# Written by `python -m tests.make_locks` from {}: change that, then run it again.\n"


@dataclass(frozen=True)
class System:
    """A Python on a machine."""

    python: str
    machine: str

    @property
    def name(self) -> str:
        """As edge/locks/install.py finds it."""
        return f"cp{self.python.replace('.', '')}-{self.machine}"


SYSTEMS = (
    System("3.11", "aarch64"),
    System("3.11", "x86_64"),
    System("3.11", "armv7l"),
    System("3.13", "aarch64"),
    System("3.13", "x86_64"),
)


def requirements_on(system: System, path: Path = REQUIREMENTS) -> list[Requirement]:
    """The lines of `path` that hold on `system`; pip itself would ask this machine."""
    environment = {"python_version": system.python, "platform_machine": system.machine}
    holding = []
    for line in path.read_text().splitlines():
        text = line.split("#")[0].strip()
        if text and ((marker := Requirement(text).marker) is None or marker.evaluate(environment)):
            holding.append(Requirement(text.split(";")[0]))
    return holding


def resolve(system: System, required: list[Requirement], *options: str) -> list[dict[str, Any]]:
    """The wheels that pip would install, by name, as its report describes them."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    command += ["--target", "/nowhere", *options, *platform_arguments(system.python, system.machine)]
    command += map(str, required)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wheels: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return sorted(wheels, key=lambda wheel: canonicalize_name(wheel["metadata"]["name"]))


def pin(wheel: dict[str, Any]) -> str:
    return f"{canonicalize_name(wheel['metadata']['name'])}=={wheel['metadata']['version']}"


def write_lock(system: System, prefix: str, wheels: list[dict[str, Any]]) -> None:
    lines = [header(prefix)]
    for wheel in wheels:
        sha256 = wheel["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{pin(wheel)} \\\n    --hash=sha256:{sha256}\n")
    (LOCKS / f"{prefix}{system.name}.txt").write_text("".join(lines))


def header(prefix: str) -> str:
    return HEADER.format(REQUIREMENTS_BY_PREFIX[prefix].relative_to(PROJECT))


def write_armv7l(system: System, prefix: str, required: list[Requirement]) -> None:
    """Lock what has wheels; pin the others as on the same Python elsewhere, without hashes."""
    elsewhere = System(system.python, "aarch64")
    locked = []
    unhashed = []
    for wheel in resolve(elsewhere, required):
        is_wheelless = canonicalize_name(wheel["metadata"]["name"]) in WHEELLESS_ON_ARMV7L
        (unhashed if is_wheelless else locked).append(pin(wheel))
    write_lock(system, prefix, resolve(system, [Requirement(one) for one in locked], "--no-deps"))
    (LOCKS / f"{prefix}{system.name}-unhashed.txt").write_text(header(prefix) + "\n".join(unhashed) + "\n")


def main() -> None:
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    for system in (one for one in SYSTEMS if one.python == running):
        for prefix, path in REQUIREMENTS_BY_PREFIX.items():
            required = requirements_on(system, path)
            if system.machine == "armv7l":
                write_armv7l(system, prefix, required)
            else:
                write_lock(system, prefix, resolve(system, required))
            print(f"edge/locks/{prefix}{system.name}.txt")


if __name__ == "__main__":
    main()
