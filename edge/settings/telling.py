"""Settings of the process with the network: page, notice, MQTT, notifications. The text under a key explains it."""

import ipaddress
import re
from typing import Annotated, Literal

from msgspec import Meta

from edge.settings.section import Section, Text

MAX_PORT = 65535


def _ip_address(text: str, key: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError(f"{key}: expected an IP address as in 127.0.0.1 or ::1, found {text!r}") from error


class WebSettings(Section, frozen=True):
    listen: Text = "127.0.0.1:8770"
    """address and port of the page; 0.0.0.0:8770 for all of this machine's addresses"""
    picture: Literal["auto", "none", "boxes", "pixelated", "full"] = "auto"
    """what viewers see: auto is full for a viewer on this machine, and boxes on an empty stage for everybody else"""
    hosts: tuple[Text, ...] = ()
    """names, beside this machine's own, under which the page may be asked for, as in hall.example.org"""
    proxy: Text = ""
    """IP address of a reverse proxy whose X-Forwarded-For, -Proto and -Host are believed; empty: nobody's are"""
    viewers: Annotated[int, Meta(ge=1, le=100)] = 12
    """how many may watch at once; each open page is one"""

    def __post_init__(self) -> None:
        self.address  # noqa: B018  # raises ValueError where `listen` is wrong
        if self.proxy:
            _ip_address(self.proxy, "proxy")
        for host in self.hosts:
            if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host):
                raise ValueError(
                    f"hosts: expected names as in hall.example.org, without scheme and port, found {host!r}"
                )

    @property
    def address(self) -> tuple[str, int]:
        """IP address and port to listen at."""
        host, colon, port = self.listen.rpartition(":")
        if not (colon and re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= MAX_PORT):
            raise ValueError(f"listen: expected ADDRESS:PORT as in 127.0.0.1:8770, found {self.listen!r}")
        host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
        return _ip_address(host, "listen"), int(port)


class NoticeSettings(Section, frozen=True):
    operator: Text = ""
    """who runs the camera: a person or an organization, as people in view are told"""
    contact: Text = ""
    """how to reach the operator: an e-mail address, a telephone number or a web page"""
    purpose: Text = ""
    """what the camera is for, in a sentence"""


class DeviceSettings(Section, frozen=True):
    name: Text = ""
    """what page, log and notifications call this device; empty: the machine's host name"""


class MqttSettings(Section, frozen=True):
    host: Text = ""
    """name or IP address of the MQTT broker, as in homeassistant.local; empty: nothing is sent"""
    port: Annotated[int, Meta(ge=0, le=MAX_PORT)] = 0
    """of the broker; 0: 1883, with TLS 8883"""
    tls: bool = False
    """encrypt the connection, and believe only a broker whose certificate is good"""
    ca: Text = ""
    """PEM file with the certificate that the broker's is signed by; empty: those that the system believes"""
    cert: Text = ""
    """PEM file with a certificate of this device, for a broker that asks for one"""
    key: Text = ""
    """PEM file with the key of `cert`"""
    user: Text = ""
    """name at the broker"""
    password_file: Text = ""
    """file whose first line is the password; empty: the variable EMOTION_EDGE_MQTT_PASSWORD, if any"""
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""
    """this device's in the topics (emotion-edge/NAME/...), and its client id: letters, digits, - and _; another one
    for each device; empty: device.name, or the machine's host name"""
    details: bool = False
    """also send each face's emotion and number; else only how many there are, and what the largest shows"""
    discovery: bool = False
    """announce the device to Home Assistant, where it then appears by itself"""

    def __post_init__(self) -> None:
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key: expected both or none of them")
        if (self.ca or self.cert) and not self.tls:
            raise ValueError("ca, cert, key: expected tls = true with them")
        if self.password_file and not self.user:
            raise ValueError("password_file: expected a user with it")

    @property
    def broker_port(self) -> int:
        """The one to connect to."""
        return self.port or (8883 if self.tls else 1883)


class NotifySettings(Section, frozen=True):
    """One rule; the settings have as many as there are [[notify]]."""

    when: Literal["emotion", "first_face", "camera_gone", "disk_full"]
    """emotion: a face shows one of `emotions`, with certainty; first_face: of the day; camera_gone: it gives no
    picture, and is not paused; disk_full: the log's disk has less than free_mb left"""
    urls_file: Text
    """file with the addresses to notify, one a line, in the words of Apprise, as in ntfy://topic"""
    name: Text = ""
    """what the journal and `notify test` call the rule; another one for each; empty: as `when`"""
    emotions: tuple[Text, ...] = ()
    """labels of the model, of which `emotion` tells, as in ["angry", "fear"]"""
    for_seconds: Annotated[float, Meta(ge=0.0, le=604_800.0)] = 0.0
    """seconds for which the emotion must last, or the camera be gone; 0: 5 for an emotion, 120 for the camera"""
    free_mb: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """megabytes (10^6 bytes) that `disk_full` wants to be free; 0: 500"""
    every_minutes: Annotated[float, Meta(ge=1.0, le=10080.0)] = 15.0
    """minutes between two notifications by this rule"""
    quiet: Text = ""
    """hours without notifications, in the device's time, as in 22:00-07:00; empty: none"""

    def __post_init__(self) -> None:
        if not self.urls_file or re.search("[@:]", self.urls_file):  # not shown: an address is as good as a password
            raise ValueError("urls_file: expected the name of a file; the addresses stand in it, one a line")
        if self.when == "emotion" and not self.emotions:
            raise ValueError('emotions: expected one or more with when = "emotion", as in ["angry", "fear"]')
        clock = "([01][0-9]|2[0-3]):[0-5][0-9]"
        if not re.fullmatch(f"({clock}-{clock})?", self.quiet):
            raise ValueError(f"quiet: expected HH:MM-HH:MM as in 22:00-07:00, found {self.quiet!r}")
        for key, kinds in _KEYS_OF_KINDS.items():
            if getattr(self, key) and self.when not in kinds:
                raise ValueError(f"{key}: goes with when = {' or '.join(kinds)}, found it with {self.when}")

    @property
    def title(self) -> str:
        """What the rule is called."""
        return self.name or self.when

    @property
    def seconds(self) -> float:
        """For which it must be so."""
        return self.for_seconds or {"emotion": 5.0, "camera_gone": 120.0}.get(self.when, 0.0)

    @property
    def least_free_mb(self) -> float:
        return self.free_mb or 500.0


_KEYS_OF_KINDS = {"emotions": ("emotion",), "for_seconds": ("emotion", "camera_gone"), "free_mb": ("disk_full",)}
"""for which `when` a key counts"""
