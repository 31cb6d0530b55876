"""Ask a network camera that gives one picture a request, again and again, at the frame rate."""

import time
from collections.abc import Callable
from http.client import HTTPException

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Closing, Frame
from edge.cameras.media.header import HeaderError, size_of
from edge.cameras.network.address import Address, AddressError
from edge.cameras.network.http import LARGEST_BYTES, HttpClient, TooLargeError
from edge.cameras.network.probe import explain_error, explain_status
from edge.errors import CameraError
from edge.settings import CameraSettings
from edge.source import shown

CONTENT_TYPES = ("image/jpeg", "image/jpg", "image/pjpeg")
JPEG_BEGINS = b"\xff\xd8\xff"
LARGEST_PIXELS = 30_000_000  # a few bytes may claim a thousand million, which decoding would fill with gray


def is_snapshot(url: str, timeout_seconds: float) -> bool:
    """Whether the address answers with one JPEG; False also where it does not answer."""
    try:
        answer = HttpClient(Address.parse(url), timeout_seconds).get(head_only=True)
    except (OSError, HTTPException, ValueError):
        return False
    return answer.status == 200 and answer.content_type in CONTENT_TYPES


class SnapshotCamera(Closing):
    """The pictures at `url`, each asked for anew; `read` raises CameraError where one does not come in time."""

    def __init__(
        self,
        url: str,
        settings: CameraSettings,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = shown(url)
        try:
            self._address = Address.parse(url)
        except AddressError as error:
            raise CameraError(f"{self.name}: {error}", "check it") from None
        self._client = HttpClient(self._address, settings.timeout_seconds)
        self._frame_seconds = 1 / settings.frames_per_second
        self._clock = clock
        self._sleep = sleep
        self._started_s = clock()
        self._due_s = self._started_s
        self._index = 0

    def read(self) -> Frame:
        self._sleep(max(0.0, self._due_s - self._clock()))
        asked_s = self._clock()
        self._due_s = asked_s + self._frame_seconds
        gray = self._decode(self._fetch())
        frame = Frame(gray, self._index, asked_s - self._started_s)
        self._index += 1
        return frame

    def _fetch(self) -> bytes:
        try:
            answer = self._client.get()
        except OSError as error:
            found, remedy = explain_error(error)
            raise CameraError(f"{self.name}: {found}", remedy) from None
        except TooLargeError:
            limit = f"{LARGEST_BYTES / 1e6:g} MB"
            raise CameraError(f"{self.name}: a picture of more than {limit}", "ask for a smaller one") from None
        except (HTTPException, ValueError):
            raise CameraError(f"{self.name}: its answer is cut off or not HTTP", "check the address") from None
        if answer.status != 200:
            found, remedy = explain_status(answer.status, self._address)
            raise CameraError(f"{self.name}: {found}", remedy)
        return answer.body

    def _decode(self, content: bytes) -> npt.NDArray[np.uint8]:
        if not content.startswith(JPEG_BEGINS):
            raise CameraError(f"{self.name}: answers without a JPEG picture", "check the address")
        image = _decode_jpeg(content) if may_be_decoded(content) else None
        if image is None:
            raise CameraError(f"{self.name}: a JPEG picture that cannot be read", "check the camera")
        return np.asarray(image, dtype=np.uint8)


def may_be_decoded(jpeg: bytes) -> bool:
    """Whether the header of `jpeg` is whole, and claims no more than LARGEST_PIXELS."""
    try:
        width, height = size_of("JPEG", jpeg)
    except HeaderError:
        return False
    return width * height <= LARGEST_PIXELS


def _decode_jpeg(content: bytes) -> cv2.typing.MatLike | None:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return None
