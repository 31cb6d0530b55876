"""What the network last said of one face, which holds for a tenth of a second while the face looks the same."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

HOLD_SECONDS = 0.1  # averaged over 0.5 s, nobody sees the difference
CELLS = 12  # a side; a cell averages 4x4 px of a crop, and the camera's noise
CHANGED_LEVELS = 14  # gray levels of one cell; on five clips of lively faces no label changed, or came later

Crop = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]


class LastAnswer:
    """Of one face; asks again once the face has changed, or `hold_seconds` have passed."""

    def __init__(self, hold_seconds: float) -> None:
        self._hold_seconds = hold_seconds
        self._asked_s = -math.inf
        self._cells = np.zeros((CELLS, CELLS), np.uint8)
        self._probabilities: Probabilities = np.zeros(0, np.float32)

    def of(self, crop: Crop, time_s: float, classify: Callable[[Crop], Probabilities]) -> Probabilities:
        """The probabilities, (7,), of `crop` (48, 48) uint8, gray, at `time_s`."""
        cells = np.asarray(cv2.resize(crop, (CELLS, CELLS), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        is_recent = 0 <= time_s - self._asked_s < self._hold_seconds
        if is_recent and cv2.absdiff(cells, self._cells).max() < CHANGED_LEVELS:
            return self._probabilities
        self._asked_s = time_s
        self._cells = cells
        self._probabilities = classify(crop)
        return self._probabilities
