"""From a gray frame to the emotions of its faces: detect, crop, classify, follow."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.classifier import Classifier, label_of
from edge.contract import Box, crop_face
from edge.detection import FaceDetector
from edge.settings import Tracking
from edge.tracking import Sighting, Tracker


@dataclass(frozen=True)
class FaceEmotion:
    """One face of a frame: where it is, whose (`track`), and what it shows."""

    track: int
    box_xywh: Box
    detection_score: float
    emotion: str
    score: float
    """probability of `emotion`, 0 to 1"""
    certain: bool
    """whether `score` reaches the manifest's threshold"""
    probabilities: npt.NDArray[np.float32]
    """(7,) in the order of `contract.LABELS`, adding up to 1"""


class Analyzer:
    """One stream of frames; `restart` it for the next."""

    def __init__(self, detector: FaceDetector, classifier: Classifier, tracking: Tracking) -> None:
        self.detector, self.classifier, self._tracking = detector, classifier, tracking
        self.restart()

    def restart(self) -> None:
        """Forget all faces: the next frame belongs to another source."""
        self._tracker = Tracker(self._tracking.smoothing_seconds, self._tracking.forget_seconds)

    def analyze(self, frame_gray: npt.NDArray[np.uint8], time_s: float = 0.0) -> list[FaceEmotion]:
        """Return the faces of `frame_gray`, (H, W) uint8, largest first; `time_s` since the stream's start."""
        faces = self.detector.detect(frame_gray)
        crops = [crop_face(frame_gray, face.box_xywh, self.detector.geometry, face.eyes) for face in faces]
        sightings = [
            Sighting(face.box_xywh, self.classifier.classify(crop)) for face, crop in zip(faces, crops, strict=True)
        ]
        tracks = self._tracker.update(sightings, time_s)
        threshold = self.classifier.manifest.certainty.threshold
        results = []
        for face, track in zip(faces, tracks, strict=True):
            emotion, score = label_of(track.probabilities)
            certain = score >= threshold
            results.append(
                FaceEmotion(track.id, face.box_xywh, face.score, emotion, score, certain, track.probabilities)
            )
        return results
