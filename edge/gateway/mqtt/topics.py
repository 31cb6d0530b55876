"""Topics of one device, and the names by which brokers and Home Assistant know it."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

PREFIX = "emotion-edge"
HOME_ASSISTANT_PREFIX = "homeassistant"
HOME_ASSISTANT_STATUS = f"{HOME_ASSISTANT_PREFIX}/status"
LONGEST_NAME = 64
ID_LENGTH = 12  # hexadecimal digits of a hash: 48 bits tell devices apart
SERIAL_NUMBERS = ("proc/device-tree/serial-number", "sys/firmware/devicetree/base/serial-number")
MACHINE_ID = "etc/machine-id"


@dataclass(frozen=True)
class Topics:
    """Where the device `name` publishes, and where it listens."""

    name: str

    @property
    def availability(self) -> str:
        return self._of("availability")

    @property
    def state(self) -> str:
        return self._of("state")

    @property
    def events(self) -> str:
        return self._of("events")

    @property
    def ha_event(self) -> str:
        return self._of("ha_event")

    @property
    def stats(self) -> str:
        return self._of("stats")

    @property
    def paused(self) -> str:
        return self._of("paused/state")

    @property
    def pause(self) -> str:
        """Here others say ON or OFF."""
        return self._of("paused/set")

    def _of(self, leaf: str) -> str:
        return f"{PREFIX}/{self.name}/{leaf}"


def discovery_topic(object_id: str) -> str:
    return f"{HOME_ASSISTANT_PREFIX}/device/{object_id}/config"


def topic_name(name: str) -> str:
    """`name` with all that no topic and no client id may hold replaced; never empty."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME] or "device"


def object_id(root: Path = Path("/")) -> str:
    """The same for ever on one machine, whatever it is called: from the serial number, else the machine's id."""
    for name in SERIAL_NUMBERS:
        if serial := _read(root / name):
            return f"emotion_edge_{topic_name(serial.lower())}"
    machine = _read(root / MACHINE_ID)
    # man machine-id: confidential, to be hashed with a key of the application before others see it
    return f"emotion_edge_{hashlib.sha256(f'emotion-edge {machine}'.encode()).hexdigest()[:ID_LENGTH]}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip("\0 \n")
    except OSError:
        return ""
