"""From a gray frame to the emotions of its faces: detect or follow, crop, classify, settle.

The life of a face: what the detector finds for the first time is a candidate, which nobody gets to see. The next frame
is searched at once, and mirrored, for what only resembles a face seldom does so both ways round. Found again, it is a
face: it gets a number, is reported in each frame, and is followed by its template between two looks. A look that does
not find it makes it missed, and again the next frame is searched. Missed twice, or with another face in its place, it
is gone: not reported, but remembered for `forget_seconds`, so that who turned away keeps the number.
"""

import logging
import math
import time
from typing import Self

import numpy as np
import numpy.typing as npt

from edge.contract import crop_face
from edge.results import FaceEmotion
from edge.settings import Settings, TrackingSettings
from edge.vision.bad_light import clear_crop
from edge.vision.change import ChangeDetector
from edge.vision.classifier import Classifier
from edge.vision.detection import Face, FaceDetector, in_detail, mirrored, open_detector
from edge.vision.stage_times import StageTimes
from edge.vision.template import FaceTemplate
from edge.vision.track import Track
from edge.vision.tracking import Tracker

STILL_SECONDS = 2.0  # between two looks at a picture without faces that does not change
NEWCOMER_SECONDS = 0.15  # ... at one that does, beside the known faces: who comes is reported within 0.3 s
MOVING_SCENE_SECONDS = 5.0  # between two such early looks that find nobody new: what moves is a tree, or a screen
NEXT_FRAME_SECONDS = 0.3  # a second look that would come later than this is at the same frame instead
MAX_FACES = 64  # of a frame, the largest: a crowd of 50 is found whole, and each costs a run of the classifier

logger = logging.getLogger(__name__)


class Pipeline:
    """Finds, follows and classifies the faces of one stream of frames; `restart` it for the next.

    Not for use from several threads at once.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        tracking: TrackingSettings,
        photo_detector: FaceDetector | None = None,
    ) -> None:
        self.detector = detector
        self.classifier = classifier
        self.detections = 0
        """how often the detector has looked"""
        self.stages = StageTimes()
        self._mirrored_detector = mirrored(detector)
        self._photo_detector = photo_detector or detector
        self._settings = tracking
        self._told_of_limit = False
        self.restart()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Load detector and classifier as the settings say; raises ModelError."""
        classifier = Classifier.load(settings.classifier.path, settings.classifier.threads, settings.classifier.runtime)
        detector = open_detector(settings.detector)
        photo_detector = in_detail(detector, settings.detector.min_face_px)
        return cls(detector, classifier, settings.tracking, photo_detector)

    def restart(self) -> None:
        """Forget all faces: the next frame belongs to another source."""
        self._tracker = Tracker(self._settings)
        self._change = ChangeDetector()
        self._detected_s = -math.inf
        self._no_newcomers_until_s = -math.inf
        self._frame_s = -math.inf
        self._looked_mirrored = False

    def analyze(self, frame_gray: npt.NDArray[np.uint8], time_s: float | None = None) -> list[FaceEmotion]:
        """Return the faces of `frame_gray`, (H, W) uint8, largest first.

        `time_s` since the stream's start; None for a photo, which stands for itself: all faces before are forgotten,
        and one look, in detail, is all there is.
        """
        if time_s is None:
            self.restart()
            self._look(frame_gray, 0.0, one_look=True)
        else:
            self._follow_and_look(frame_gray, time_s)
        shown = [track for track in self._tracker.tracks if track.id and track.is_visible]
        shown.sort(key=lambda track: -track.face.box_xywh[2] * track.face.box_xywh[3])
        return [self._classify(track, frame_gray, time_s or 0.0) for track in shown]

    def _follow_and_look(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> None:
        """Follow the known faces, and look for others if it is time to."""
        followed = [track for track in self._tracker.tracks if track.template]
        for track in followed:
            track.follow(frame_gray, time_s)
        frames_are_near = 0 < time_s - self._frame_s <= NEXT_FRAME_SECONDS
        self._frame_s = time_s
        lost = not all(track.is_visible for track in followed)
        if lost or self._tracker.is_unsettled or self._is_time_to_detect(frame_gray, time_s):
            self._look(frame_gray, time_s)
        elif self._somebody_may_have_come(frame_gray, time_s):
            self._look_for_newcomers(frame_gray, time_s)
        else:
            return
        if self._tracker.is_unsettled and not frames_are_near:
            self._look(frame_gray, time_s)

    def _is_time_to_detect(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> bool:
        elapsed_s = time_s - self._detected_s
        if 0 < elapsed_s < self._settings.detect_seconds:  # a caller whose time stands still gets every frame searched
            return False
        return bool(self._tracker.tracks) or elapsed_s >= STILL_SECONDS or self._change.changed(frame_gray)

    def _somebody_may_have_come(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> bool:
        if time_s < max(self._detected_s + NEWCOMER_SECONDS, self._no_newcomers_until_s):
            return False
        known = [track.face.box_xywh for track in self._tracker.tracks if track.is_visible]
        return self._change.changed(frame_gray, apart_from=known)

    def _look_for_newcomers(self, frame_gray: npt.NDArray[np.uint8], time_s: float) -> None:
        """Search before it is time to; not again soon where it is something else that moves beside the known faces."""
        somebody_is_here = any(track.is_visible for track in self._tracker.tracks)
        self._look(frame_gray, time_s)
        if somebody_is_here and not self._tracker.is_unsettled:
            self._no_newcomers_until_s = time_s + MOVING_SCENE_SECONDS

    def _look(self, frame_gray: npt.NDArray[np.uint8], time_s: float, one_look: bool = False) -> None:
        """Search the frame for faces, mirrored if the look before left open who is there."""
        self._looked_mirrored = self._tracker.is_unsettled and not self._looked_mirrored
        detector = self._mirrored_detector if self._looked_mirrored else self.detector
        if one_look:
            detector = self._photo_detector
        started_s = time.perf_counter()
        faces = self._limited(detector.detect(frame_gray))
        self.stages.add("detect", time.perf_counter() - started_s)
        self.detections += 1
        self._detected_s = time_s
        tracks = self._tracker.update(faces, time_s, one_look)
        if one_look:  # no frame follows
            return
        self._change.remember(frame_gray)
        for track in tracks:
            track.template = FaceTemplate(frame_gray, track.face.box_xywh) if track.id else None

    def _limited(self, faces: list[Face]) -> list[Face]:
        if len(faces) > MAX_FACES and not self._told_of_limit:
            self._told_of_limit = True
            logger.warning(
                "%d faces in a frame, of which the %d largest count, here and from now on; "
                "is detector.threshold too low?",
                len(faces),
                MAX_FACES,
            )
        return faces[:MAX_FACES]

    def _classify(self, track: Track, frame_gray: npt.NDArray[np.uint8], time_s: float) -> FaceEmotion:
        face = track.face
        emotion = track.emotion
        if not track.answer.holds(time_s, track.look, emotion.is_settled):
            self._ask(track, frame_gray, time_s)
        score = float(emotion.probabilities[emotion.label])
        label = self.classifier.labels[emotion.label]
        certain = self.classifier.manifest.certainty.is_certain(label, score)
        whole = emotion.probabilities, self.classifier.labels
        return FaceEmotion(track.id, face.box_xywh, face.score, label, score, certain, *whole)

    def _ask(self, track: Track, frame_gray: npt.NDArray[np.uint8], time_s: float) -> None:
        """Let the network say what the face shows."""
        started_s = time.perf_counter()
        crop = crop_face(frame_gray, track.face.box_xywh, self.detector.geometry, track.face.eyes)
        track.emotion.update(self.classifier.classify(clear_crop(crop)), time_s, track.answer.frames)
        track.answer.renew(time_s, track.look())
        self.stages.add("classify", time.perf_counter() - started_s)
