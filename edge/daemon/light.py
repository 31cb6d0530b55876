"""A light that is on exactly while the camera is open, and a button that pauses. It is software that switches it.

A light that shares its wire with the camera's power cannot lie; this one shows what this program does. By gpiozero,
which Pi OS brings (python3-gpiozero, python3-lgpio).
"""

import array
import fcntl
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from edge.daemon.pause import PauseSwitch, flag_path
from edge.errors import SettingsError
from edge.settings import LightSettings

LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")  # of the pins of a Pi 5, a Pi 4, older ones
CHIP_INFO = 0x8044B401  # GPIO_GET_CHIPINFO_IOCTL, <linux/gpio.h>: name and label, 32 bytes each, and a number
CHIP_INFO_BYTES = 68
LABEL = slice(32, 64)
BOUNCE_SECONDS = 0.05
FACTORY_VARIABLE = "GPIOZERO_PIN_FACTORY"  # as gpiozero reads it: mock, for tests
REMEDY = "on a Pi: sudo apt install python3-gpiozero python3-lgpio; for the service: sudo emotion-edge light enable"

logger = logging.getLogger(__name__)


class Light:
    """Switches `led`, a gpiozero.LED; None for no light."""

    def __init__(self, led: Any, required: bool = False) -> None:
        self._led = led
        self._required = required

    @classmethod
    def from_settings(cls, settings: LightSettings) -> Self:
        """Off at first. Raises SettingsError where a required light cannot be driven."""
        if settings.pin < 0:
            return cls(None)
        try:
            return cls(_make("LED", settings.pin), settings.required)
        except Exception as error:  # gpiozero and what drives its pins raise errors of many libraries
            if settings.required:
                raise SettingsError(_cannot("light", settings.pin, error), REMEDY) from error
            logger.warning("%s; %s", _cannot("light", settings.pin, error), REMEDY)
            return cls(None)

    @contextmanager
    def lit(self) -> Iterator[None]:
        """On while this is open. Raises SettingsError where a required light cannot be switched on."""
        self._switch_on()
        try:
            yield
        finally:
            self._switch_off()

    def close(self) -> None:
        if self._led is not None:
            with suppress(Exception):
                self._led.close()

    def _switch_on(self) -> None:
        if self._led is None:
            return
        try:
            self._led.on()
        except Exception as error:  # see above
            if self._required:
                raise SettingsError(
                    f"the light cannot be switched on ({error}); no camera is opened", REMEDY
                ) from error
            logger.warning("the light cannot be switched on: %s", error)

    def _switch_off(self) -> None:
        if self._led is None:
            return
        try:
            self._led.off()
        except Exception as error:  # a light that stays on warns of a camera that is closed: the safe side
            logger.warning("the light cannot be switched off: %s", error)


class PauseButton:
    """Each press of `button`, a gpiozero.Button, pauses the camera or ends the pause; None for no button."""

    def __init__(self, button: Any, switch: PauseSwitch, is_paused: Callable[[], bool]) -> None:
        self._button = button
        if button is not None:
            button.when_pressed = lambda: switch.request(not is_paused(), "button")

    @classmethod
    def from_settings(cls, settings: LightSettings, switch: PauseSwitch) -> Self:
        """Without a button that can be read, says so and goes on."""
        button = None
        if settings.button_pin >= 0:
            try:
                button = _make("Button", settings.button_pin, bounce_time=BOUNCE_SECONDS)
            except Exception as error:  # see above
                logger.warning("%s; %s", _cannot("button", settings.button_pin, error), REMEDY)
        return cls(button, switch, lambda: flag_path().exists())

    def close(self) -> None:
        if self._button is not None:
            with suppress(Exception):
                self._button.close()


def find_chip(folder: Path, label_of: Callable[[Path], str]) -> int:
    """Number of the chip in `folder` that has the board's pins; raises OSError where there is none that may be opened.

    A Pi 5 had them on chip 4, and has them on chip 0 with newer kernels.
    """
    found = []
    for path in sorted(folder.glob("gpiochip*")):
        with suppress(OSError):
            label = label_of(path)
            if label in LABELS:
                return int(path.name.removeprefix("gpiochip"))
            found.append(label)
    raise OSError(f"expected a GPIO chip {' or '.join(LABELS)}, found {', '.join(found) or 'none that may be opened'}")


def chip_label(path: Path) -> str:
    """What the kernel calls the chip; raises OSError where it may not be asked."""
    answer = array.array("B", bytes(CHIP_INFO_BYTES))
    with path.open("rb", buffering=0) as chip:
        fcntl.ioctl(chip, CHIP_INFO, answer)
    return answer.tobytes()[LABEL].split(b"\0")[0].decode(errors="replace")


def _make(kind: str, pin: int, **options: Any) -> Any:
    """A gpiozero device; raises whatever its libraries do."""
    os.environ.setdefault("LG_WD", tempfile.gettempdir())  # where lgpio keeps its pipes: else in the release's folder
    import gpiozero

    factory = None
    if FACTORY_VARIABLE not in os.environ:
        from gpiozero.pins.lgpio import LGPIOFactory

        factory = LGPIOFactory(chip=find_chip(Path("/dev"), chip_label))
    return getattr(gpiozero, kind)(pin, pin_factory=factory, **options)


def _cannot(what: str, pin: int, error: Exception) -> str:
    return f"the {what} at pin {pin} cannot be used ({error})"
