"""Settings of the process with the camera: camera, faces, emotions, log, light. The text under a key explains it."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from edge.errors import ModelError
from edge.settings.model_labels import read_labels
from edge.settings.places import DEFAULT_GRAYNET, DEFAULT_YUNET, MODEL_FAMILY, shipped_models
from edge.settings.section import Section, Share, Text

Region = tuple[Share, Share, Share, Share]


class CameraSettings(Section, frozen=True):
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


class DetectorSettings(Section, frozen=True):
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


class ClassifierSettings(Section, frozen=True):
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


class TrackingSettings(Section, frozen=True):
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


class LogSettings(Section, frozen=True):
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


class LightSettings(Section, frozen=True):
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
