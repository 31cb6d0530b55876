"""Has the picture changed since it was last searched for faces? A still one need not be searched again."""

import cv2
import numpy as np
import numpy.typing as npt

CELLS_WH = (64, 48)  # a face of 32 px in a 640x480 frame covers ten cells of 10x10 px
CHANGED_LEVELS = 8  # gray levels of one cell's mean; a dark camera's noise (sigma 15 a pixel) moves means by about 5


class Motion:
    """Compares frames with the one last `remember`ed: slow changes add up to one, too."""

    def __init__(self) -> None:
        self._reference: npt.NDArray[np.uint8] | None = None

    def changed(self, frame_gray: npt.NDArray[np.uint8]) -> bool:
        """Whether `frame_gray`, (H, W) uint8, differs from the remembered one; True where there is none."""
        if self._reference is None:
            return True
        return bool(cv2.absdiff(_cells(frame_gray), self._reference).max() >= CHANGED_LEVELS)

    def remember(self, frame_gray: npt.NDArray[np.uint8]) -> None:
        self._reference = _cells(frame_gray)


def _cells(frame_gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(frame_gray, CELLS_WH, interpolation=cv2.INTER_AREA), dtype=np.uint8)
