"""What the network last said of one face, which holds for some frames: longer while the face looks the same."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

UNSETTLED_SECONDS = 0.05  # between two answers while the emotion may be about to change
LEAST_SECONDS = 0.1  # ... of a face whose emotion is settled: averaged over 0.5 s, nobody sees the difference
MOST_SECONDS = 0.2  # ... that looks the same, too
FRAME_SLACK_SECONDS = 0.005  # frames do not come to the millisecond
CHANGED_LEVELS = 14  # gray levels of one cell of its look

Look = npt.NDArray[np.uint8]
"""a face in a few cells, (CELLS, CELLS), gray"""


class LastAnswer:
    """Of one face; `is_averaged` says whether answers are averaged over time, else each frame needs its own."""

    def __init__(self, is_averaged: bool) -> None:
        self.frames = 0
        """since the network was asked"""
        self._is_averaged = is_averaged
        self._asked_s = -math.inf
        self._look: Look | None = None

    def holds(self, time_s: float, look: Callable[[], Look | None], is_settled: bool) -> bool:
        """Whether it still holds in the next frame, at `time_s`, in which the face has this `look`.

        Where its emotion is not settled the network is asked again soon.
        """
        self.frames += 1
        elapsed_s = time_s - self._asked_s
        if not self._is_averaged or elapsed_s < 0:
            return False
        elapsed_s += FRAME_SLACK_SECONDS
        if not is_settled:
            return elapsed_s < UNSETTLED_SECONDS
        return elapsed_s < LEAST_SECONDS or (elapsed_s < MOST_SECONDS and self._is_same(look()))

    def renew(self, time_s: float, look: Look | None) -> None:
        """Note that the network is asked, and how the face looks: None where that is not known."""
        self.frames = 0
        self._asked_s = time_s
        self._look = look

    def _is_same(self, look: Look | None) -> bool:
        if look is None or self._look is None:
            return False
        return bool(cv2.absdiff(look, self._look).max() < CHANGED_LEVELS)
