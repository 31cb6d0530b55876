"""The result of the vision part, a face with its emotion. Needs neither OpenCV nor a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.contract import LABELS, Box

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
    """(N,) in the order of `labels`, adding up to 1"""
    labels: tuple[str, ...] = LABELS
    """of the model: N, the shipped one's by default"""
