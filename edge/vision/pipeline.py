"""From a gray frame to the emotions of its faces: detect or follow, crop, classify, settle."""

import math
from typing import Self

import numpy as np
import numpy.typing as npt

from edge.contract import LABELS, crop_face
from edge.results import FaceEmotion
from edge.settings import Settings, TrackingSettings
from edge.vision.change import Motion
from edge.vision.classifier import Classifier
from edge.vision.detection import FaceDetector, open_detector, shifted
from edge.vision.smoothing import SteadyEmotion
from edge.vision.template import Template
from edge.vision.tracking import Track, Tracker

STILL_SECONDS = 2.0  # between two looks at a picture without faces that does not change


class Pipeline:
    """Finds, follows and classifies the faces of one stream of frames; `restart` it for the next."""

    def __init__(self, detector: FaceDetector, classifier: Classifier, tracking: TrackingSettings) -> None:
        self.detector, self.classifier, self._tracking = detector, classifier, tracking
        self.detections = 0
        """how often the detector has looked"""
        self.restart()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Load detector and classifier as the settings say; raises ModelError."""
        classifier = Classifier(settings.classifier.model, settings.classifier.threads, settings.classifier.runtime)
        return cls(open_detector(settings.detector), classifier, settings.tracking)

    def restart(self) -> None:
        """Forget all faces: the next frame belongs to another source."""
        self._tracker = Tracker(self._tracking.forget_seconds)
        self._templates: dict[int, Template] = {}
        self._emotions: dict[int, SteadyEmotion] = {}
        self._motion = Motion()
        self._detected_s = -math.inf

    def analyze(self, frame_gray: npt.NDArray[np.uint8], time_s: float = 0.0) -> list[FaceEmotion]:
        """Return the faces of `frame_gray`, (H, W) uint8, largest first; `time_s` since the stream's start."""
        followed = [track for track in self._tracker.tracks if self._follow(track, frame_gray, time_s)]
        lost = len(followed) < len(self._templates)
        if lost or self._is_time_to_detect(frame_gray, time_s):
            followed = self._detect(followed, frame_gray, time_s)
        self._templates = {track.id: self._templates[track.id] for track in followed}
        followed.sort(key=lambda track: -track.face.box_xywh[2] * track.face.box_xywh[3])
        return [self._judge(track, frame_gray, time_s) for track in followed]

    def _follow(self, track: Track, frame_gray: npt.NDArray[np.uint8], time_s: float) -> bool:
        """Move `track` to where its face is in this frame; False where it was or is lost."""
        template = self._templates.get(track.id)
        box = template and template.find(frame_gray, track.predict(time_s))
        if not box:
            return False
        x, y, *_ = track.face.box_xywh
        track.move(shifted(track.face, box[0] - x, box[1] - y), time_s)
        return True

    def _is_time_to_detect(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> bool:
        elapsed_s = time_s - self._detected_s
        if 0 < elapsed_s < self._tracking.detect_seconds:  # a caller without times gets every frame searched
            return False
        return bool(self._tracker.tracks) or elapsed_s >= STILL_SECONDS or self._motion.changed(frame_gray)

    def _detect(self, followed: list[Track], frame_gray: npt.NDArray[np.uint8], time_s: float) -> list[Track]:
        """Return the tracks that the detector sees, and of the `followed` ones those that it may have overlooked."""
        self.detections += 1
        self._detected_s = time_s
        self._motion.remember(frame_gray)
        detected = self._tracker.update(self.detector.detect(frame_gray), time_s)
        for track in detected:
            self._templates[track.id] = Template(frame_gray, track.face.box_xywh)
        known = {track.id for track in self._tracker.tracks}
        self._emotions = {number: emotion for number, emotion in self._emotions.items() if number in known}
        seen = {track.id for track in detected}
        return detected + [track for track in followed if track.id in known - seen]

    def _judge(self, track: Track, frame_gray: npt.NDArray[np.uint8], time_s: float) -> FaceEmotion:
        face = track.face
        crop = crop_face(frame_gray, face.box_xywh, self.detector.geometry, face.eyes)
        emotion = self._emotions.setdefault(track.id, SteadyEmotion(self._tracking))
        emotion.update(self.classifier.classify(crop), time_s)
        score = float(emotion.probabilities[emotion.label])
        certain = score >= self.classifier.manifest.certainty.threshold
        label = LABELS[emotion.label]
        return FaceEmotion(track.id, face.box_xywh, face.score, label, score, certain, emotion.probabilities)
