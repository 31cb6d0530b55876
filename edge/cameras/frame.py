"""The frame, and the protocol that every camera follows."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from edge.errors import CameraError


class NoFrameYetError(CameraError):
    """No frame has come for a moment. Not an error: do what else is due, and call `read` again.

    Its text says what is waited for; it is empty between two frames of a camera that works.
    """


@dataclass(frozen=True)
class Frame:
    """`gray` (H, W) uint8; `index` counts from 0, dropped frames too; `time_s` since the source's start."""

    gray: npt.NDArray[np.uint8]
    index: int
    time_s: float
    bgr: npt.NDArray[np.uint8] | None = None
    """(H, W, 3) uint8; only from files, and only where colour is asked for"""


class Camera(Protocol):
    """A source of frames; a context manager that gives the device back."""

    @property
    def name(self) -> str:
        """What is open, in words for people; holds no password."""

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo, shown for want of a camera."""

    @property
    def dropped(self) -> int:
        """Frames that came while the one before was being worked on, and were left out."""

    def read(self) -> Frame | None:
        """Return the newest frame, None at the source's end.

        Raises CameraError where the camera is lost; its leaf NoFrameYetError where the caller may read again.
        """

    def close(self) -> None:
        """Give the device back; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class Closing:
    """The context manager half of a camera, and what holds for most: it drops nothing, and is not the demo."""

    dropped: int = 0
    is_demo: bool = False

    def close(self) -> None:
        """Nothing to give back, unless a camera says otherwise."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
