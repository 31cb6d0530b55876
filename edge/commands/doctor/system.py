"""Check the machine: heat and power, memory, clock, and the service's state."""

import platform
from datetime import datetime

from edge import __version__
from edge.commands.doctor.findings import Finding, Machine, ok, problem, warning
from edge.errors import EXIT_TRY_AGAIN

SERVICE = "emotion-edge"
HOT_CELSIUS = 80.0  # from here on a Pi 4 or 5 slows down (Raspberry Pi documentation, frequency management)
LOW_MEMORY_MB, TOO_LITTLE_MEMORY_MB = 250, 100  # `run` takes about 100
EARLIEST_YEAR = 2026  # this program is no older

# Bits of `vcgencmd get_throttled` (Raspberry Pi documentation, vcgencmd); the same 16 higher: since boot.
COOL = "cool it: a fan or heat sink, air around it, a lower camera.frames_per_second"
POWER = "use the official power supply and a short cable"
THROTTLED = (
    (0, "the supply voltage is too low", POWER),
    (1, "the clock is capped", POWER),
    (2, "throttled", COOL),
    (3, "at the soft temperature limit", COOL),
)


def about(machine: Machine) -> Finding:
    """Which machine and Python this is; the board's name where the device tree has one."""
    try:
        board = (machine.root / "proc/device-tree/model").read_text().rstrip("\0")
    except OSError:
        board = platform.system()
    return ok(
        "machine",
        f"{board}, {platform.machine()}, Python {platform.python_version()}, edge {__version__}",
    )


def heat(machine: Machine) -> Finding:
    """The firmware's own words on a Pi, else the warmest thermal zone."""
    answer = machine.ask(["vcgencmd", "get_throttled"])
    celsius = temperature_celsius(machine)
    measured = "no thermal sensor" if celsius is None else f"{celsius:.0f} °C"
    if answer is not None and answer.status == 0 and answer.output.startswith("throttled=0x"):
        return throttled(int(answer.output.removeprefix("throttled="), 16), measured)
    if celsius is not None and celsius >= HOT_CELSIUS:
        return warning("heat", measured, COOL)
    return ok("heat", measured)


def throttled(bits: int, measured: str) -> Finding:
    """Decode the firmware's `bits`; `measured` is the temperature in words."""
    now = [(words, remedy) for bit, words, remedy in THROTTLED if bits >> bit & 1]
    earlier = [(words, remedy) for bit, words, remedy in THROTTLED if bits >> (bit + 16) & 1 and not bits >> bit & 1]
    if not now and not earlier:
        return ok("heat", f"{measured}, never throttled since boot")
    said = [words for words, _ in now] + [f"{words} (earlier, since boot)" for words, _ in earlier]
    remedies = dict.fromkeys(remedy for _, remedy in now + earlier)
    return warning("heat", f"{measured}, {', '.join(said)}", "; ".join(remedies))


def temperature_celsius(machine: Machine) -> float | None:
    """Of the warmest thermal zone; None where there is none."""
    celsius = []
    for zone in (machine.root / "sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            celsius.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):  # a sensor that is switched off
            continue
    return max(celsius, default=None)


def memory(machine: Machine) -> Finding:
    try:
        lines = (machine.root / "proc/meminfo").read_text().splitlines()
        kilobytes = {key: int(value.split()[0]) for key, value in (line.split(":") for line in lines)}
        available = kilobytes["MemAvailable"] // 1024
        total = kilobytes["MemTotal"] // 1024
    except (OSError, ValueError, KeyError):
        return warning(
            "memory",
            "/proc/meminfo cannot be read",
            "no ProcSubset=pid in the unit; /proc must be mounted",
        )
    found = f"{available:,} of {total:,} MB available"
    remedy = "stop other programs (`top`, then M, shows the largest)"
    if available < TOO_LITTLE_MEMORY_MB:
        return problem("memory", found, remedy, EXIT_TRY_AGAIN)
    return warning("memory", found, remedy) if available < LOW_MEMORY_MB else ok("memory", found)


def clock(machine: Machine, now: datetime) -> Finding:
    """Rows carry the wall clock's time, and a Pi without a battery boots with a wrong one."""
    found = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.year < EARLIEST_YEAR:
        return warning("clock", f"{found} cannot be", "sudo timedatectl set-ntp true, or `sudo date -s`")
    answer = machine.ask(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    said = answer.output if answer is not None and answer.status == 0 else ""
    if said == "yes" or (machine.root / "run/systemd/timesync/synchronized").exists():
        return ok("clock", f"{found}, synchronized")
    if said == "no":
        remedy = "sudo timedatectl set-ntp true, and a network; or a clock with a battery"
        return warning("clock", f"{found}, not synchronized: the log's times may be wrong", remedy)
    return ok("clock", f"{found}; whether it is synchronized, nobody says here")


def service(machine: Machine) -> Finding:
    """State, last exit and restarts of the systemd service."""
    names = ("LoadState", "ActiveState", "Result", "ExecMainStatus", "NRestarts")
    running = (machine.root / "run/systemd/system").is_dir()
    answer = machine.ask(["systemctl", "show", SERVICE, f"--property={','.join(names)}"]) if running else None
    if answer is None or answer.status:
        return ok("service", "systemd is not running here")
    return service_state(dict(line.partition("=")[::2] for line in answer.output.splitlines()))


def service_state(state: dict[str, str]) -> Finding:
    """What the properties that `systemctl show` gives say of the service."""
    if state.get("LoadState") != "loaded":
        return ok("service", "not installed (install.sh does it)")
    restarts = int(state.get("NRestarts") or 0)
    found = f"{state.get('ActiveState')}, {restarts} restart{'' if restarts == 1 else 's'}"
    if state.get("ActiveState") in ("failed", "activating"):
        found += f", last exit {state.get('ExecMainStatus')} ({state.get('Result')})"
        remedy = f"journalctl -u {SERVICE} -n 20 says why; then sudo systemctl restart {SERVICE}"
        return problem("service", found, remedy, EXIT_TRY_AGAIN)
    if state.get("ActiveState") != "active":
        return warning("service", found, f"sudo systemctl enable --now {SERVICE}")
    if restarts:
        return warning("service", found, f"journalctl -u {SERVICE} says why it restarted")
    return ok("service", found)
