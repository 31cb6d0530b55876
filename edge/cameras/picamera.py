"""The Pi's own camera by picamera2: the Y plane of a YUV420 stream is the gray frame, without conversion."""

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Closing, Frame
from edge.errors import CameraError
from edge.settings import CameraSettings
from edge.source import shown

ASK_SMALLER = "set camera.width and camera.height to a size that it has"


class PiCamera(Closing):
    """Raises CameraError where picamera2 is not installed, no camera is found, or another process holds it."""

    def __init__(self, settings: CameraSettings, which: str = "") -> None:
        """`which` of several: a number or a model; empty: the first."""
        self.name = f"picamera:{which}" if which else "picamera"
        self._timeout_seconds = settings.timeout_seconds + 1 / settings.frames_per_second
        self._size_wh = settings.width, settings.height
        self._index = 0
        self._device: Any = None
        self._device = _start(settings, which)
        self._started = time.monotonic()

    def read(self) -> Frame:
        try:
            request = self._device.capture_request(wait=self._timeout_seconds)
        except Exception as error:  # picamera2 passes on whatever libcamera raises
            self._device.cancel_all_and_flush()  # else the request that is still asked for blocks `close`
            reason = str(error) or type(error).__name__  # TimeoutError says nothing
            raise CameraError(
                f"Pi camera: no frame for {self._timeout_seconds:.3g} s ({reason})",
                "check its cable",
            ) from error
        try:
            gray = y_plane(request.make_array("main"), self._size_wh)
        except RuntimeError as error:
            raise CameraError(f"Pi camera: lost a frame's buffer ({error})", "it is opened again") from error
        finally:
            request.release()
        frame = Frame(gray, self._index, time.monotonic() - self._started)
        self._index += 1
        return frame

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


def y_plane(yuv420: npt.NDArray[np.uint8], size_wh: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Copy the gray frame, (height, width), out of a YUV420 array (height * 3/2, stride) with its padding."""
    width, height = size_wh
    if yuv420.shape[0] < height or yuv420.shape[1] < width:
        raise CameraError(
            f"Pi camera: expected at least {width}x{height}, found an array of shape {yuv420.shape}", ASK_SMALLER
        )
    return yuv420[:height, :width].copy()  # the buffer goes back to the camera


def list_cameras(picamera2: Any) -> list[tuple[int, str]]:
    """Number and model of each Pi camera that libcamera sees, without webcams, which it lists too.

    `picamera2` is the class Picamera2.
    """
    found = []
    for place, camera in enumerate(picamera2.global_camera_info()):
        if "/usb" not in camera.get("Id", ""):
            found.append((camera.get("Num", place), camera["Model"]))
    return found


def choose(found: list[tuple[int, str]], which: str) -> int:
    """The number of the camera that `which` names, by number or model; empty: of the first. Raises CameraError."""
    if not found:
        raise CameraError("Pi camera: none found", "check the cable and `rpicam-hello --list-cameras`")
    for number, model in found:
        if which in ("", str(number), model):
            return number
    there = ", ".join(f"picamera:{number} or picamera:{model}" for number, model in found)
    raise CameraError(
        f"Pi camera: {shown(f'picamera:{which}')} is not there",
        f"set camera.source to one that is: {there}",
    )


def focus_controls(autofocus: bool | float, known: Any) -> dict[str, int | float]:
    """What moves the lens, of the controls that the camera has (`known`). AfMode: 0 is manual, 2 continuous."""
    if "AfMode" not in known:
        return {}
    if autofocus is True:
        return {"AfMode": 2}
    if autofocus is False:
        return {"AfMode": 0}
    return {"AfMode": 0, "LensPosition": float(autofocus)}


def _start(settings: CameraSettings, which: str) -> Any:
    try:
        from picamera2 import Picamera2
    except ModuleNotFoundError as error:
        if error.name != "picamera2":
            raise CameraError(
                f"Pi camera: picamera2 cannot be loaded ({error})", "make the environment again"
            ) from error
        raise CameraError("Pi camera: picamera2 is not installed", "sudo apt install python3-picamera2") from error
    except Exception as error:  # ValueError: pip's numpy is not the one that apt's modules were built for
        raise CameraError(f"Pi camera: picamera2 cannot be loaded ({error})", "make the environment again") from error
    number = choose(list_cameras(Picamera2), which)
    try:
        device = Picamera2(number) if number else Picamera2()
    except Exception as error:  # held by another process: RuntimeError or IndexError, by version
        raise CameraError(f"Pi camera: cannot be opened ({error})", "does another program hold it?") from error
    try:
        _configure(device, settings)
        device.start()
    except Exception as error:
        device.close()
        raise CameraError(
            f"Pi camera: refused {settings.width}x{settings.height} YUV420 ({error})", ASK_SMALLER
        ) from error
    return device


def _configure(device: Any, settings: CameraSettings) -> None:
    limits = int(1e6 / settings.frames_per_second)
    known = getattr(device, "camera_controls", {})
    main = {"size": (settings.width, settings.height), "format": "YUV420"}
    controls = {
        "FrameDurationLimits": (limits, limits),
        **focus_controls(settings.autofocus, known),
    }
    device.configure(device.create_video_configuration(main=main, controls=controls, buffer_count=4))
