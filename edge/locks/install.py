"""Install the device's packages, each file only where its sha256 is the one in this system's lock.

    VENV/bin/python edge/locks/install.py [--keep-numpy] [pip's own options]    those of requirements-edge.txt
    VENV/bin/python edge/locks/install.py --gateway [pip's own options]         those of edge/requirements-gateway.txt
    VENV/bin/python edge/locks/install.py --notify [pip's own options]          those of edge/requirements-notify.txt

systemd/install.sh and `make edge-env` run it in a new environment: it needs the standard library alone.
"""

import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

LOCKS = Path(__file__).resolve().parent
REQUIREMENTS = LOCKS.parent.parent / "requirements-edge.txt"
GATEWAY_REQUIREMENTS = LOCKS.parent / "requirements-gateway.txt"
NOTIFY_REQUIREMENTS = LOCKS.parent / "requirements-notify.txt"  # without a lock: old ones do not know today's services
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]


def system_name(machine: str = platform.machine(), is_32_bit: bool = sys.maxsize < 2**32) -> str:
    """The lock's name, such as cp311-aarch64. A 32-bit Pi OS runs on a kernel that calls the machine aarch64."""
    if is_32_bit and machine in ("aarch64", "armv8l"):
        machine = "armv7l"
    return f"cp{sys.version_info.major}{sys.version_info.minor}-{machine}"


def without_numpy(lines: Iterable[str]) -> list[str]:
    """The lock's `lines` but for numpy and its hashes, which go on as long as a line ends with a backslash."""
    kept = []
    inside = False
    for line in lines:
        inside = inside or line.startswith("numpy==")
        if not inside:
            kept.append(line)
        inside = inside and line.endswith("\\")
    return kept


def install(name: str, requirements: Path, keep_numpy: bool, options: list[str]) -> None:
    """Install what the lock `name` says, or `requirements` where there is none; with `keep_numpy` all but numpy.

    Raises CalledProcessError where pip fails; it has said why.
    """
    locked = LOCKS / f"{name}.txt"
    unhashed = LOCKS / f"{name}-unhashed.txt"
    if not locked.exists():
        print(f"no lock for {name}: the packages of {requirements.name} are installed without hashes", flush=True)
        subprocess.run([*PIP, *options, "--requirement", str(requirements), *_numpy_as_it_is(keep_numpy)], check=True)
        return
    _install_lines(locked, keep_numpy, [*options, "--no-deps", "--require-hashes"])
    if unhashed.exists():
        print(f"{unhashed.name}: these packages have no wheels to be locked, and come without hashes", flush=True)
        _install_lines(unhashed, keep_numpy, [*options, "--no-deps", "--only-binary=:all:"])


def _install_lines(path: Path, keep_numpy: bool, options: list[str]) -> None:
    lines = path.read_text().splitlines()
    if keep_numpy:
        lines = without_numpy(lines)
    # pip would take the way from a file's name only: a pipe needs no place to write to.
    text = "\n".join(lines) + "\n"
    subprocess.run([*PIP, *options, "--requirement", "/dev/stdin"], input=text, text=True, check=True)


def _numpy_as_it_is(keep: bool) -> list[str]:
    if not keep:
        return []
    import numpy

    return [f"numpy=={numpy.__version__}"]


def check_kept_numpy() -> None:
    """Whether apt's numpy is one that requirements-edge.txt allows; raises CalledProcessError, in pip's words."""
    lines = [line.split("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    numpy_lines = [line for line in lines if line.startswith("numpy")]
    if numpy_lines:
        subprocess.run([*PIP, "--no-index", "--no-deps", *numpy_lines], check=True)


def main() -> int:
    options = sys.argv[1:]
    for_gateway = _take("--gateway", options)
    for_notify = _take("--notify", options)
    keep_numpy = _take("--keep-numpy", options)
    try:
        if for_notify:
            subprocess.run([*PIP, *options, "--requirement", str(NOTIFY_REQUIREMENTS)], check=True)
            return 0
        if for_gateway:
            install(f"gateway-{system_name()}", GATEWAY_REQUIREMENTS, False, options)
            return 0
        install(system_name(), REQUIREMENTS, keep_numpy, options)
        if keep_numpy:
            check_kept_numpy()
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def _take(option: str, options: list[str]) -> bool:
    """Whether `option` is among `options`, from which it is removed."""
    if option not in options:
        return False
    options.remove(option)
    return True


if __name__ == "__main__":
    sys.exit(main())
