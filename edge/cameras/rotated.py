"""Rotate and mirror the frames of a camera that hangs on its side, upside down, or looks into a mirror."""

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from edge.cameras.frame import Camera, Closing, Frame

ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class RotatedCamera(Closing):
    """Gives `camera`'s frames rotated clockwise by `degrees` (0, 90, 180, 270), then mirrored where asked."""

    def __init__(self, camera: Camera, degrees: int, mirror: bool) -> None:
        self._camera = camera
        self._degrees = degrees
        self._mirror = mirror

    @property
    def name(self) -> str:
        return self._camera.name

    @property
    def is_demo(self) -> bool:  # type: ignore[override]
        return self._camera.is_demo

    @property
    def dropped(self) -> int:  # type: ignore[override]
        return self._camera.dropped

    def read(self) -> Frame | None:
        frame = self._camera.read()
        if frame is None:
            return None
        bgr = None if frame.bgr is None else rotate(frame.bgr, self._degrees, self._mirror)
        return replace(frame, gray=rotate(frame.gray, self._degrees, self._mirror), bgr=bgr)

    def close(self) -> None:
        self._camera.close()


def rotate(picture: npt.NDArray[np.uint8], degrees: int, mirror: bool) -> npt.NDArray[np.uint8]:
    """Rotate (H, W) or (H, W, 3) uint8 clockwise by a multiple of 90 `degrees`, then mirror it where asked."""
    rotated: cv2.typing.MatLike = picture
    if degrees:
        rotated = cv2.rotate(rotated, ROTATIONS[degrees])
    if mirror:
        rotated = cv2.flip(rotated, 1)
    return np.asarray(rotated, dtype=np.uint8)
