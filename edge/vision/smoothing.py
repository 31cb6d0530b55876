"""Smooth one face's emotion over time: average the probabilities, and keep the label from flickering."""

import math

import numpy as np
import numpy.typing as npt

from edge.settings import TrackingSettings


class SteadyEmotion:
    """Averages one face's probabilities over `smoothing_seconds`.

    Its label changes once another one leads by `label_margin`, or has led by anything for `label_seconds`.
    """

    def __init__(self, settings: TrackingSettings) -> None:
        self._settings = settings
        self._updated_s = -math.inf
        self._agreed_s = -math.inf
        self._newest: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        self.probabilities: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        """(N,) in the order of the model's labels, adding up to 1"""
        self.label = -1
        """index into the model's labels"""
        self.is_settled = False
        """whether the newest probabilities say what the label says, and the average leaves no doubt"""

    def update(self, probabilities: npt.NDArray[np.float32], time_s: float, frames: int = 1) -> None:
        """Take in the newest `probabilities`, (N,) float32, at `time_s`.

        `frames` have passed since the ones before: they count as if the probabilities had changed evenly over them.
        """
        if self.label < 0:
            self.probabilities = probabilities
            self._newest = probabilities
        passed = self._newest + np.float32((frames + 1) / (2 * frames)) * (probabilities - self._newest)
        weight = self._weight_of_new(time_s - self._updated_s)
        self.probabilities = self.probabilities + np.float32(weight) * (passed - self.probabilities)
        self._newest = probabilities
        self._updated_s = time_s
        leader = int(self.probabilities.argmax())
        if self.label < 0 or leader == self.label or self._overtaken_by(leader, time_s):
            self.label = leader
            self._agreed_s = time_s
        self.is_settled = int(probabilities.argmax()) == self.label and self._lead() >= self._settings.label_margin

    def _lead(self) -> float:
        """Of the label over the best of the others; negative where one of them leads."""
        return float(self.probabilities[self.label] - np.delete(self.probabilities, self.label).max())

    def _overtaken_by(self, leader: int, time_s: float) -> bool:
        lead = self.probabilities[leader] - self.probabilities[self.label]
        return bool(lead >= self._settings.label_margin) or time_s - self._agreed_s >= self._settings.label_seconds

    def _weight_of_new(self, elapsed_s: float) -> float:
        """First-order low-pass filter: the share that the newest value has after `elapsed_s`."""
        smoothing_s = self._settings.smoothing_seconds
        return 1 - math.exp(-elapsed_s / smoothing_s) if smoothing_s else 1.0
