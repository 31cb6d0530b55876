"""What every camera gives, and how."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Frame:
    """`gray` (H, W) uint8; `index` counts from 0; `time_s` since the source's start."""

    gray: npt.NDArray[np.uint8]
    index: int
    time_s: float


class Camera(Protocol):
    """A source of frames; a context manager that gives the device back."""

    name: str

    def read(self) -> Frame | None:
        """Return the next frame, None at the source's end; raises CameraError where none comes in time."""

    def close(self) -> None:
        """Give the device back; a second call does nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class Closing:
    """The context manager half of a camera."""

    def close(self) -> None:
        """Nothing to give back, unless a camera says otherwise."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
