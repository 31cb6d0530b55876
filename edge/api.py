"""The emotions of a frame, for programs of your own.

from edge import Analyzer

analyzer = Analyzer()
faces = analyzer.analyze(frame)
"""

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from edge import settings
from edge.errors import UsageError
from edge.results import FaceEmotion
from edge.vision.pipeline import Pipeline


class Analyzer:
    """Face detector and emotion model, loaded once. Threads may share one: their frames are analyzed one after another.

    With times, all calls are one video, whoever makes them: a program with two cameras needs two analyzers.

    `config` is a TOML file of settings, as `python -m edge run --config` takes it; None gives the defaults.
    Raises SettingsError, or ModelError where a file is missing or damaged; both are EdgeError.
    """

    def __init__(self, config: str | Path | None = None) -> None:
        self._pipeline = Pipeline.from_settings(settings.load(config))
        self._lock = threading.Lock()

    def analyze(self, frame: MatLike, time_s: float | None = None) -> list[FaceEmotion]:
        """Return the faces of `frame` with their emotions, largest first.

        Args:
            frame: `(H, W) uint8, gray`, or `(H, W, 3) uint8, BGR`, as `cv2.imread` and `cv2.VideoCapture` give it.
            time_s: When the frame was taken, in seconds of any clock that does not run backwards. With it, frames
                are one video: faces keep their `track` number, probabilities settle over time, and who comes is
                reported from the second frame on. Without it, each frame stands for itself, and the video before
                it is over.

        Raises UsageError for anything else.
        """
        frame_gray = gray(frame)
        with self._lock:
            return self._pipeline.analyze(frame_gray, time_s)

    @property
    def labels(self) -> tuple[str, ...]:
        """What a face may show, in the order of `FaceEmotion.probabilities`: those of the model."""
        return self._pipeline.classifier.labels

    def restart(self) -> None:
        """Forget all faces: the next frame belongs to another video."""
        with self._lock:
            self._pipeline.restart()


def gray(frame: Any) -> npt.NDArray[np.uint8]:
    """`frame` as `(H, W) uint8, gray`; raises UsageError for what is neither that nor `(H, W, 3) uint8, BGR`."""
    expected = "expected a numpy array of uint8, (H, W) gray or (H, W, 3) BGR"
    if frame is None:
        raise UsageError(f"{expected}, found None", "cv2.imread gives it for a file that it cannot read")
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
        found = f"an array of {frame.dtype}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise UsageError(f"{expected}, found {found}", "scale to 0 to 255 and convert with .astype(numpy.uint8)")
    if frame.size == 0 or frame.ndim not in (2, 3) or frame.shape[2:] not in ((), (3,)):
        raise UsageError(f"{expected}, found shape {frame.shape}", "give one whole picture")
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if frame.ndim == 3 else frame, dtype=np.uint8)
