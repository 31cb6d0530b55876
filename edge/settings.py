"""Settings of the daemon: what there is, its units, ranges and defaults, read from a TOML file."""

import ipaddress
import os
import re
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from edge.errors import ModelError, SettingsError
from edge.model_labels import read_labels
from edge.source import HIDDEN

PROJECT = Path(__file__).resolve().parent.parent
INSTALLED, SERVICE_STATE = Path("/opt/emotion-edge"), Path("/var/lib/emotion-edge")  # as systemd/ has them
MAX_PORT = 65535
SERVICE_RUNTIME = Path("/run/emotion-edge")
PACKAGED_MODELS = Path(__file__).resolve().parent / "_models"  # where `pip install` puts them
IS_PACKAGED = PACKAGED_MODELS.is_dir()
MODELS = PACKAGED_MODELS if IS_PACKAGED else PROJECT / "models"
DEFAULT_MODEL = MODELS / "emotion_int8.tflite"
MODEL_FAMILY = {
    "tiny": MODELS / "emotion_tiny_int8.tflite",
    "standard": DEFAULT_MODEL,
    "large": MODELS / "emotion_large_int8.tflite",
}
"""emotion models by name, from the fastest to the most accurate"""
DEFAULT_GRAYNET = MODELS / "face_int8.tflite"
DEFAULT_YUNET = MODELS / "face_detection_yunet_2023mar.onnx"

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "object": "a table",
    "array": "a list",
    "null": "nothing",
}  # what msgspec calls a value, and what a person does

Text = Annotated[str, Meta(pattern=r"^[^\x00]*$")]  # names of files and sources: no system takes a NUL in them
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Region = tuple[Share, Share, Share, Share]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the TOML file; keys that it does not name are refused."""


class CameraSettings(_Section, frozen=True):
    source: Text = "auto"
    """auto, camera, picamera, picamera:N or picamera:MODEL, usb:N, /dev/videoN or /dev/v4l/by-id/..., rtsp://...,
    http://... (MJPEG, or the address of one picture), a video file or a folder of images; auto falls back to the demo,
    camera does not. In a user name or password / # ? @ are written %2F %23 %3F %40"""
    width: Annotated[int, Meta(ge=160, le=4608)] = 640
    """pixels asked of a camera"""
    height: Annotated[int, Meta(ge=120, le=2592)] = 480
    """pixels asked of a camera"""
    frames_per_second: Annotated[float, Meta(ge=0.2, le=120.0)] = 15.0
    """frames a second asked of a camera"""
    realtime: bool = False
    """play a video file at its own pace, dropping frames that come due meanwhile; else flat out"""
    timeout_seconds: Annotated[float, Meta(ge=0.5, le=60.0)] = 5.0
    """seconds without a frame after which the camera counts as lost, and is opened again"""
    reconnect_seconds: Annotated[float, Meta(ge=0.0, le=3600.0)] = 60.0
    """seconds that a lost camera is tried again before the program ends, for systemd to start it anew"""
    autofocus: bool | Annotated[float, Meta(ge=0.0, le=32.0)] = True
    """of a Pi camera that has it (Camera Module 3): true follows the scene, false leaves the lens where it is, a number
    sets it to so many dioptres: 0 is infinity, 2 half a metre"""
    rotate_degrees: Literal[0, 90, 180, 270] = 0
    """clockwise, for a camera that hangs on its side or upside down"""
    mirror: bool = False
    """swap left and right, after the rotation"""
    max_megapixels: Annotated[float, Meta(gt=0.0, le=1000.0)] = 100.0
    """million pixels; a photo that has more is left out, since it takes as many megabytes to look at"""
    start_paused: bool = False
    """take no picture until `python -m edge resume` or SIGUSR2"""


class DetectorSettings(_Section, frozen=True):
    kind: Literal["graynet", "yunet", "haar"] = "graynet"
    """graynet comes along; yunet is a download; haar is OpenCV's"""
    graynet_model: Text = str(DEFAULT_GRAYNET)
    """path of the .tflite file; its manifest lies beside it"""
    yunet_model: Text = str(DEFAULT_YUNET)
    """path of the ONNX file; `python -m edge fetch-yunet` puts it there"""
    threshold: Share = 0.0
    """score, 0 to 1, from which a face counts; 0: the detector's own (graynet: its manifest's, yunet: 0.8)"""
    min_face_px: Annotated[int, Meta(ge=16, le=2000)] = 32
    """pixels of the frame; smaller faces are left out"""
    detail: bool = False
    """look for small faces in every frame of a video at full detail, as in every photo; many times slower"""
    region: Region = (0.0, 0.0, 1.0, 1.0)
    """x, y, width and height of the part of the frame in which faces are looked for, as shares of it"""
    ignore: tuple[Region, ...] = ()
    """parts of the frame, each as `region`, in which a face does not count: a poster, a picture on the wall"""

    def __post_init__(self) -> None:
        if not _inside_the_frame(self.region, least_side=0.05):
            raise ValueError("expected x, y, width, height with x + width and y + height <= 1, and sides >= 0.05")
        if not all(_inside_the_frame(region, least_side=0.001) for region in self.ignore):
            raise ValueError(
                "ignore: expected [x, y, width, height] each with x + width and y + height <= 1, and sides > 0"
            )


def _inside_the_frame(region: Region, least_side: float) -> bool:
    x, y, width, height = region
    return min(width, height) >= least_side and max(x + width, y + height) <= 1.0001


class ClassifierSettings(_Section, frozen=True):
    model: Text = "standard"
    """tiny (for a Pi 3 or a Zero 2 W), standard, large (for a Pi 5), or the path of a .tflite file; its manifest lies
    beside it"""
    threads: Annotated[int, Meta(ge=1, le=16)] = 1
    """one is fastest for a network this small"""
    runtime: Literal["auto", "litert", "tflite-runtime"] = "auto"
    """auto: LiteRT where it is installed, else tflite-runtime"""

    def __post_init__(self) -> None:
        is_path = "/" in self.model or self.model.endswith(".tflite")
        if not (is_path or self.model in MODEL_FAMILY):
            raise ValueError(
                f"model: expected {', '.join(MODEL_FAMILY)} or the path of a .tflite file, found {self.model!r}"
            )

    @property
    def place(self) -> Path:
        """Where the model should lie."""
        return MODEL_FAMILY.get(self.model, Path(self.model))

    @property
    def labels(self) -> tuple[str, ...]:
        """What the model tells apart, as its manifest says; of a model that is not there, the shipped one's."""
        return read_labels(self.place)

    @property
    def path(self) -> Path:
        """Of the model; raises ModelError where this release has none of that name."""
        path = self.place
        if self.model in MODEL_FAMILY and not path.is_file():
            raise ModelError(
                f"classifier.model = {self.model!r}: expected {path}, which is not there",
                f"set {' or '.join(shipped_models())}, which are there, or the path of a .tflite file",
            )
        return path


class TrackingSettings(_Section, frozen=True):
    detect_seconds: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.5
    """seconds between two looks for faces; between them known faces are followed. 0: in every frame"""
    smoothing_seconds: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.5
    """time constant over which a face's probabilities are averaged; 0 switches it off"""
    label_margin: Share = 0.2
    """a face's emotion changes once another one's averaged probability is greater by this much"""
    label_seconds: Annotated[float, Meta(ge=0.0, le=10.0)] = 1.0
    """... or has been greater at all for so many seconds"""
    forget_seconds: Annotated[float, Meta(ge=0.0, le=60.0)] = 1.0
    """seconds after which a face not seen is somebody new; longer where the frames themselves are further apart"""


class LogSettings(_Section, frozen=True):
    path: Text = ""
    """SQLite file; empty: emotions.db in systemd's state directory, else in ./logs"""
    interval_seconds: Annotated[float, Meta(ge=0.1, le=3600.0)] = 1.0
    """seconds between two rows of one face"""
    commit_seconds: Annotated[float, Meta(ge=0.0, le=600.0)] = 10.0
    """seconds that rows wait in memory to be written together, which spares SD cards; a power cut loses at most
    these"""
    keep_days: Annotated[float, Meta(ge=0.0, le=36500.0)] = 0.0
    """days after which rows are deleted; 0 keeps all that max_megabytes allows"""
    max_megabytes: Annotated[float, Meta(ge=0.0, le=1e6)] = 2000.0
    """size of the file (10^6 bytes) from which the oldest rows are deleted; 0: no limit"""
    keep_sums: bool = True
    """keep the sums of each hour (face seconds by emotion, no face numbers) when rows are deleted"""


def _ip_address(text: str, key: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError(f"{key}: expected an IP address as in 127.0.0.1 or ::1, found {text!r}") from error


class WebSettings(_Section, frozen=True):
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


class NoticeSettings(_Section, frozen=True):
    operator: Text = ""
    """who runs the camera: a person or an organization, as people in view are told"""
    contact: Text = ""
    """how to reach the operator: an e-mail address, a telephone number or a web page"""
    purpose: Text = ""
    """what the camera is for, in a sentence"""


class DeviceSettings(_Section, frozen=True):
    name: Text = ""
    """what page, log and notifications call this device; empty: the machine's host name"""


class MqttSettings(_Section, frozen=True):
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


class NotifySettings(_Section, frozen=True):
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


class LightSettings(_Section, frozen=True):
    pin: Annotated[int, Meta(ge=-1, le=53)] = -1
    """number (BCM) of the pin of a light that is on while the camera is open; -1: none"""
    required: bool = False
    """open no camera where the light cannot be switched on"""
    button_pin: Annotated[int, Meta(ge=-1, le=53)] = -1
    """number (BCM) of the pin of a button, to ground, that pauses and resumes the camera; -1: none"""

    def __post_init__(self) -> None:
        if self.required and self.pin < 0:
            raise ValueError("required: expected the pin of a light with it")
        if self.pin >= 0 and self.pin == self.button_pin:
            raise ValueError("pin and button_pin: expected two pins, found one")


class Settings(_Section, frozen=True):
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


def section_of(table: str) -> type[_Section]:
    """The class of a table, or of each table where there may be several ([[notify]])."""
    default = getattr(Settings(), table)
    return NotifySettings if isinstance(default, tuple) else type(default)


def shipped_models() -> dict[str, Path]:
    """Those of `MODEL_FAMILY` that this release has."""
    return {name: path for name, path in MODEL_FAMILY.items() if path.is_file()}


def load(path: str | Path | None) -> Settings:
    """Read the TOML file `path`; None gives the defaults.

    Raises SettingsError with the key, the value found and what is allowed.
    """
    if path is None:
        return Settings()
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})", "give another --config") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, a number of 5000 digits, brackets without end
        raise SettingsError(
            f"{path}: not TOML: {error}", "correct that line; systemd/settings.toml shows every key"
        ) from error
    return parse(tables, str(path))


def parse(tables: dict[str, Any], origin: str) -> Settings:
    """Turn TOML `tables` into settings; `origin` names them in errors."""
    try:
        settings = msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{origin}: {_explain(str(error), tables)}",
            "correct it; the command `settings` lists every key, its range and its default",
        ) from error
    if fault := _unknown_label(settings):
        raise SettingsError(f"{origin}: {fault}", "correct it, or set classifier.model to the one that has it")
    return settings


def device_name(settings: Settings) -> str:
    """What people call this device."""
    return settings.device.name or socket.gethostname()


def log_path(settings: Settings) -> Path:
    """Where the event log lies: as set, else in the state folder."""
    return Path(settings.log.path or state_folder() / "emotions.db")


def state_folder() -> Path:
    """Where state is kept: in $STATE_DIRECTORY of systemd, else where this program was installed to.

    An installed release takes the service's folder, a package of pip the user's own, a checkout ./logs.
    """
    if "STATE_DIRECTORY" in os.environ:
        return Path(os.environ["STATE_DIRECTORY"])
    if INSTALLED in PROJECT.parents:
        return SERVICE_STATE
    if IS_PACKAGED:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "emotion-edge"
    return Path("logs")


def live_socket() -> Path:
    """Where `run` tells what it sees: in systemd's $RUNTIME_DIRECTORY, the service's, or beside the log."""
    if folder := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(folder) / "live.sock"
    return (SERVICE_RUNTIME if INSTALLED in PROJECT.parents else state_folder()) / "live.sock"


def _unknown_label(settings: Settings) -> str:
    """What a rule tells of and the model does not know; empty: nothing."""
    for number, rule in enumerate(settings.notify):
        labels = settings.classifier.labels if rule.emotions else ()
        for place, label in enumerate(rule.emotions):
            if label not in labels:
                return f"notify[{number}].emotions[{place}] = {label!r}: expected one of {', '.join(labels)}"
    return ""


def _explain(message: str, tables: dict[str, Any]) -> str:
    """Turn msgspec's "Expected `int` >= 1 - at `$.camera.width`" into key, value and what is allowed."""
    if message.startswith("Object contains unknown field"):
        return _unknown_key(tables)
    problem, _, where = message.rpartition(" - at `$.")
    where = where.rstrip("`")
    if not problem:  # of all tables together
        return message
    value: Any = tables
    for part in re.findall(r"\w+", where):
        value = value[int(part) if isinstance(value, list) else part]
    if choices := _choices(where.split(".")):
        problem = f"expected one of {', '.join(choices)}"
    problem = _in_words(problem)
    if not isinstance(value, dict):
        return f"{where} = {_shown(where, value)}: {problem}"
    if where == "notify":
        problem = "expected rules, each under [[notify]], found one [notify]"
    return f"{where}: {problem.replace('object missing required field', 'expected the key')}"


def _in_words(problem: str) -> str:
    """Msgspec's "Expected `int | null`, got `str`" in words of people who do not program."""
    expected, sign, _ = problem.partition(" matching regex ")
    if sign:
        expected += " of letters, digits, - and _, 64 at most" if "A-Z" in problem else " without a NUL character"
    for kind, words in KINDS.items():
        expected = re.sub(f"(?<=[`| ]){kind}(?=[`| ])", words, expected)
    expected = expected.replace("`", "").replace(" | ", " or ").replace(", got ", ", found ")
    return f"{expected[0].lower()}{expected[1:]}"


def _shown(where: str, value: Any) -> str:
    """The value as typed, unless it may be a camera's address, at whatever key."""
    is_source = where.startswith("camera.source") or (where == "camera" and not isinstance(value, int | float))
    return HIDDEN if is_source or re.search("[@:]", repr(value)) else repr(value)


def _unknown_key(tables: dict[str, Any]) -> str:
    """Name the first key of `tables` that no setting has."""
    places: list[tuple[str, Any, tuple[str, ...]]] = [("", tables, Settings.__struct_fields__)]
    for name in Settings.__struct_fields__:
        found = tables.get(name)
        for table in found if isinstance(found, list) else [found]:
            places.append((f"{name}.", table, section_of(name).__struct_fields__))
    for prefix, table, allowed in places:
        for key in table if isinstance(table, dict) else ():
            if key not in allowed:
                return f"unknown key {_shown('', prefix + key)}; allowed here: {', '.join(allowed)}"
    raise AssertionError(f"all keys are known in {tables}")


def _choices(keys: list[str]) -> tuple[str, ...]:
    """The values that a `Literal` setting, or an entry of a list of them, takes; none for any other setting."""
    if len(keys) != 2:
        return ()
    table, key = (name.partition("[")[0] for name in keys)
    annotation = section_of(table).__annotations__.get(key)
    if key != keys[1] and get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()
