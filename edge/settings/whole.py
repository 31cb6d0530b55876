"""All settings together, and what follows from them."""

import socket
from pathlib import Path

from edge.settings.places import state_folder
from edge.settings.section import Section
from edge.settings.seeing import (
    CameraSettings,
    ClassifierSettings,
    DetectorSettings,
    LightSettings,
    LogSettings,
    TrackingSettings,
)
from edge.settings.telling import DeviceSettings, MqttSettings, NoticeSettings, NotifySettings, WebSettings


class Settings(Section, frozen=True):
    camera: CameraSettings = CameraSettings()
    detector: DetectorSettings = DetectorSettings()
    classifier: ClassifierSettings = ClassifierSettings()
    tracking: TrackingSettings = TrackingSettings()
    log: LogSettings = LogSettings()
    web: WebSettings = WebSettings()
    notice: NoticeSettings = NoticeSettings()
    device: DeviceSettings = DeviceSettings()
    mqtt: MqttSettings = MqttSettings()
    notify: tuple[NotifySettings, ...] = ()
    light: LightSettings = LightSettings()

    def __post_init__(self) -> None:
        titles = [rule.title for rule in self.notify]
        for title in titles:
            if titles.count(title) > 1:
                raise ValueError(f"notify: found two rules called {title!r}, expected another `name` for each")


def section_of(table: str) -> type[Section]:
    """The class of a table, or of each table where there may be several ([[notify]])."""
    default = getattr(Settings(), table)
    return NotifySettings if isinstance(default, tuple) else type(default)


def device_name(settings: Settings) -> str:
    """What people call this device."""
    return settings.device.name or socket.gethostname()


def log_path(settings: Settings) -> Path:
    """Where the event log lies: as set, else in the state folder."""
    return Path(settings.log.path or state_folder() / "emotions.db")
