"""The light and the button, on gpiozero's mock pins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.daemon.light import Light, PauseButton, find_chip
from edge.daemon.pause import PauseSwitch
from edge.daemon.signals import Signals
from edge.errors import SettingsError
from edge.settings import LightSettings
from tests.program import Program

gpiozero = pytest.importorskip("gpiozero")


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """gpiozero's mock pins, by number."""
    from gpiozero.pins.mock import MockFactory

    factory = MockFactory()
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def test_the_light_is_on_exactly_while_the_camera_is_open(pins: Any) -> None:
    light = Light.from_settings(LightSettings(pin=17))
    pin = pins.pin(17)
    assert not pin.state
    with light.lit():
        assert pin.state
    assert not pin.state
    with pytest.raises(RuntimeError), light.lit():
        raise RuntimeError("the camera breaks")
    assert not pin.state
    light.close()


class Broken:
    """A light whose wire is cut."""

    def on(self) -> None:
        raise OSError("no wire")

    def off(self) -> None:
        raise OSError("no wire")


def test_where_a_required_light_stays_dark_no_camera_is_opened() -> None:
    opened = False
    with pytest.raises(SettingsError, match="no camera is opened") as refused, Light(Broken(), required=True).lit():
        opened = True
    assert not opened
    assert refused.value.exit_code == 78


def test_where_it_is_not_required_the_camera_is_opened_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    with Light(Broken()).lit():
        assert "cannot be switched on" in caplog.text
    assert "cannot be switched off" in caplog.text


def test_no_light_is_no_library() -> None:
    with Light.from_settings(LightSettings()).lit():
        pass


def test_a_pin_that_is_taken(pins: Any, caplog: pytest.LogCaptureFixture) -> None:
    other = gpiozero.LED(17)
    with pytest.raises(SettingsError, match="light at pin 17"):
        Light.from_settings(LightSettings(pin=17, required=True))
    with Light.from_settings(LightSettings(pin=17)).lit():
        assert "light at pin 17" in caplog.text
    other.close()


def test_the_program_opens_no_camera_without_the_light_that_it_needs(tmp_path: Path, program: Program) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("[light]\npin = 17\nrequired = true\n")
    done = program("run", "--config", config, "--source", "demo", GPIOZERO_PIN_FACTORY="nonsense")
    assert done.returncode == 78
    assert "light at pin 17" in done.stderr
    assert not list(tmp_path.rglob("demo.db"))


def test_the_command_names_the_one_for_root(program: Program) -> None:
    done = program("light", "enable")
    assert done.returncode == 2
    assert "sudo emotion-edge light enable" in done.stderr


def test_a_press_pauses_and_another_resumes(pins: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    switch = PauseSwitch(tmp_path / "paused", Signals())
    button = PauseButton.from_settings(LightSettings(button_pin=27), switch)
    pin = pins.pin(27)
    for paused in (True, False):
        button._button.when_pressed()
        assert switch.is_on() is paused
    assert pin.pull == "up", "the button connects to ground"
    button.close()


LABELS = {"gpiochip0": "gpio-brcmstb@107d508500", "gpiochip4": "pinctrl-rp1", "gpiochip10": "gpio-brcmstb"}


@pytest.mark.parametrize(
    ("labels", "chip"),
    [
        (LABELS, 4),
        ({"gpiochip0": "pinctrl-rp1", "gpiochip10": "gpio-brcmstb"}, 0),
        ({"gpiochip0": "pinctrl-bcm2711", "gpiochip1": "raspberrypi-exp-gpio"}, 0),
        ({"gpiochip0": "pinctrl-bcm2835"}, 0),
    ],
)
def test_the_chip_is_found_by_its_label(tmp_path: Path, labels: dict[str, str], chip: int) -> None:
    for name in labels:
        (tmp_path / name).touch()
    assert find_chip(tmp_path, lambda path: labels[path.name]) == chip


def test_no_chip_is_said_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(OSError, match="found gpio-mockup"):
        find_chip(tmp_path, lambda path: "gpio-mockup")
