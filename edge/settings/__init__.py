"""Settings of the daemon and of the gateway: what there is, its units, ranges and defaults, read from a TOML file."""

from edge.settings.places import (
    DEFAULT_GRAYNET,
    DEFAULT_MODEL,
    DEFAULT_YUNET,
    INSTALLED,
    MODEL_FAMILY,
    MODELS,
    PROJECT,
    SERVICE_RUNTIME,
    live_socket,
    shipped_models,
    state_folder,
)
from edge.settings.reading import load, parse
from edge.settings.seeing import (
    CameraSettings,
    ClassifierSettings,
    DetectorSettings,
    LightSettings,
    LogSettings,
    TrackingSettings,
)
from edge.settings.telling import DeviceSettings, MqttSettings, NoticeSettings, NotifySettings, WebSettings
from edge.settings.whole import Settings, device_name, log_path, section_of

__all__ = [
    "DEFAULT_GRAYNET",
    "DEFAULT_MODEL",
    "DEFAULT_YUNET",
    "INSTALLED",
    "MODELS",
    "MODEL_FAMILY",
    "PROJECT",
    "SERVICE_RUNTIME",
    "CameraSettings",
    "ClassifierSettings",
    "DetectorSettings",
    "DeviceSettings",
    "LightSettings",
    "LogSettings",
    "MqttSettings",
    "NoticeSettings",
    "NotifySettings",
    "Settings",
    "TrackingSettings",
    "WebSettings",
    "device_name",
    "live_socket",
    "load",
    "log_path",
    "parse",
    "section_of",
    "shipped_models",
    "state_folder",
]
