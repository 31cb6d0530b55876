"""A camera that hangs on its side, upside down, or looks into a mirror."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Camera, Closing, Frame

ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class TurnedCamera(Closing):
    """Gives `camera`'s frames rotated clockwise by `degrees` (0, 90, 180, 270), then mirrored where asked."""

    def __init__(self, camera: Camera, degrees: int, mirror: bool) -> None:
        self._camera, self._degrees, self._mirror = camera, degrees, mirror

    @property
    def name(self) -> str:
        return self._camera.name

    @property
    def dropped(self) -> int:  # type: ignore[override]
        return self._camera.dropped

    def read(self) -> Frame | None:
        frame = self._camera.read()
        return frame and replace(frame, gray=turn(frame.gray, self._degrees, self._mirror))

    def close(self) -> None:
        self._camera.close()


def turn(gray: npt.NDArray[np.uint8], degrees: int, mirror: bool) -> npt.NDArray[np.uint8]:
    """Rotate (H, W) uint8 clockwise by a multiple of 90 `degrees`, then swap left and right where asked."""
    turned: cv2.typing.MatLike = cv2.rotate(gray, ROTATIONS[degrees]) if degrees else gray
    return np.asarray(cv2.flip(turned, 1) if mirror else turned, dtype=np.uint8)
