"""The result of the vision part, a face with its emotion. Needs neither OpenCV nor a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.contract import Box

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class FaceEmotion:
    """One face of a frame: where it is, whose (`track`), and what it shows."""

    track: int
    box_xywh: Box
    detection_score: float
    emotion: str
    score: float
    """averaged probability of `emotion`, 0 to 1"""
    certain: bool
    """whether `score` reaches the threshold that the manifest has for `emotion`"""
    probabilities: npt.NDArray[np.float32]
    """(7,) in the order of `contract.LABELS`, adding up to 1"""
