"""How the device is: camera, processor, power, disk, log, clock, versions, and the doctor's findings.

What needs the camera or the models comes from the daemon; this process opens neither.
"""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge import __version__
from edge.commands.doctor import storage, system
from edge.commands.doctor.findings import Finding, Machine
from edge.events.zone import local_zone
from edge.gateway.live import Snapshot, utc_of

KEEP_SECONDS = 5.0  # a reloading page does not make the checks run again
THROTTLED_NOW = 1 << 2  # of `vcgencmd get_throttled` (Raspberry Pi documentation)
SYNCHRONIZED = Path("run/systemd/timesync/synchronized")


class Health:
    """Looks at the machine, at most once in KEEP_SECONDS."""

    def __init__(self, machine: Machine | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._machine = machine or Machine()
        self._clock = clock
        self._lock = threading.Lock()
        self._checked_s = float("-inf")
        self._checked: dict[str, Any] = {}

    def report(self, log: Path, snapshot: Snapshot) -> dict[str, Any]:
        with self._lock:
            if self._clock() - self._checked_s >= KEEP_SECONDS:
                self._checked = self._check(log)
                self._checked_s = self._clock()
            checked = self._checked
        return {"utc": datetime.now(UTC).isoformat(timespec="seconds"), **checked, **_daemon(snapshot)}

    def _check(self, log: Path) -> dict[str, Any]:
        machine = self._machine
        findings = [
            system.about(machine),
            storage.check(log),
            system.memory(machine),
            system.heat(machine),
            system.clock(machine, datetime.now(UTC)),
            system.service(machine),
        ]
        return {
            "temperature_celsius": system.temperature_celsius(machine),
            "undervoltage": undervoltage(machine),
            "throttled": throttled(machine),
            "disk": disk(log),
            "log": log_size(log),
            "clock": {"zone": local_zone().key, "synchronized": (machine.root / SYNCHRONIZED).exists()},
            "version": __version__,
            "findings": [_finding(finding) for finding in findings],
        }


def undervoltage(machine: Machine) -> bool | None:
    """Whether the supply's voltage is too low, as the Pi's sensor driver rpi_volt says; None where there is none."""
    for sensor in (machine.root / "sys/class/hwmon").glob("hwmon*"):
        try:
            if (sensor / "name").read_text().strip() == "rpi_volt":
                return (sensor / "in0_lcrit_alarm").read_text().strip() == "1"
        except OSError:
            continue
    return None


def throttled(machine: Machine) -> bool | None:
    """Whether the processor is slowed down now, as the firmware says in /sys; None where it says nothing."""
    for path in (machine.root / "sys/devices/platform").glob("soc*/soc*:firmware/get_throttled"):
        try:
            return bool(int(path.read_text(), 16) & THROTTLED_NOW)
        except (OSError, ValueError):
            continue
    return None


def disk(log: Path) -> dict[str, int]:
    folder = next(parent for parent in log.absolute().parents if parent.exists())
    usage = shutil.disk_usage(folder)
    return {"free_bytes": usage.free, "total_bytes": usage.total}


def log_size(log: Path) -> dict[str, Any]:
    """Bytes of the log with what SQLite keeps beside it; null where there is no log yet."""
    parts = [log, log.with_name(f"{log.name}-wal")]
    sizes = [part.stat().st_size for part in parts if part.is_file()]
    set_aside = sorted(path.name for path in log.parent.glob(f"{log.name}.damaged-*"))
    return {
        "path": str(log),
        "bytes": sum(sizes) if sizes else None,
        "set_aside": [name for name in set_aside if not name.endswith(("-wal", "-shm"))],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {key: value for key, value in asdict(finding).items() if key != "exit_code"}


def _daemon(snapshot: Snapshot) -> dict[str, Any]:
    live = snapshot.live or {}
    return {
        "daemon": {
            "connected": snapshot.connected,
            "since_utc": utc_of(snapshot.since_s),
            "problem": snapshot.problem,
            **{key: (snapshot.hello or {}).get(key) for key in ("version", "model", "detector", "pid")},
        },
        "camera": live.get("camera"),
        "paused": live.get("paused"),
        "frames_per_second": live.get("frames_per_second"),
        "dropped": live.get("dropped"),
        "frame_px": live.get("frame_px"),
    }
