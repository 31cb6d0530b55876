"""GrayNet, our own detector: a single-shot int8 network on the gray frame itself, run like the classifier.

A small copy of the frame is searched, made clear before if the light is bad. What is doubtful in it is looked at
closely. A face that fills the frame is larger than what the network can see at once: where nothing is found but some
cell takes itself for a part of something large, a copy of half the size is searched for such faces alone, at a quarter
of the cost.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import CELL_PX, COPY_WIDTH_PX, MAX_OVERLAP, UNIT_PX
from edge.vision import manifest as manifests
from edge.vision.bad_light import clear_copy
from edge.vision.detection.cells import Cells
from edge.vision.detection.close_up import close_up, is_possible
from edge.vision.detection.distinct import distinct, lies_on_another
from edge.vision.detection.face import Face, as_box, largest_first, reduced
from edge.vision.manifest import DetectorManifest
from edge.vision.runtime import Runtime

DOUBTFUL = 0.55  # score from which a box is looked at closely: the mean of both scores counts
SURE = 0.8  # score from which that is not needed: of 2,045 photos without a face none had such a box
LEAST_CLOSE_SCORE = 0.2  # less is none
MOST_CLOSE_LOOKS = 10  # at a frame, at the largest: each costs a quarter of a search
HINT = 0.16  # score of a cell from which it is reason enough for the second look: one in six frames without a face
HINTED = 0.25  # of the copy's height, of the box that such a cell gives
LARGE = 0.4  # of the frame's height, from which a face counts in the smaller copy: smaller ones show too little there
LARGE_SCORE = 0.8  # from which it counts: no false alarm on 2,639 face-free frames in all kinds of light


class GrayNet:
    """Raises ModelError where `content`, the bytes of a .tflite file, is damaged or not what `manifest` says.

    Takes frames of any shape: the network is resized to the frame's own, which costs milliseconds when it changes.
    Not for use from several threads at once.
    """

    name = "graynet"

    def __init__(
        self,
        content: bytes,
        manifest: DetectorManifest,
        threshold: float = 0.0,
        min_face_px: int = 32,
        runtime: Runtime = "auto",
        path: Path = Path("the face detector"),
        closely: bool = True,
    ) -> None:
        """A `threshold` of 0 is the manifest's own; `path` is what messages call the model.

        Not `closely`: what the network says of the small copy counts as it is, to compare networks by.
        """
        self.manifest = manifest
        self.geometry = manifest.crop
        self._threshold = threshold or manifest.threshold
        self._min_face_px = min_face_px
        self._closely = closely
        self._cells = Cells(path, content, manifest, runtime)
        self._coarse_cells = Cells(path, content, manifest, runtime)
        self._close_cells = Cells(path, content, manifest, runtime)
        self.runtime = self._cells.runtime

    @classmethod
    def load(
        cls,
        model: str | Path,
        threshold: float = 0.0,
        min_face_px: int = 32,
        runtime: Runtime = "auto",
    ) -> Self:
        """Read `model` and the manifest beside it; raises ModelError also where one is missing or another's."""
        path = Path(model)
        manifest, content = manifests.read_verified(path, DetectorManifest)
        return cls(content, manifest, threshold, min_face_px, runtime, path)

    @property
    def accelerated(self) -> bool:
        """Whether XNNPACK runs the network."""
        return self._cells.accelerated

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = reduced(frame_gray, COPY_WIDTH_PX)
        small = clear_copy(small)
        found = self._search(self._cells, small, scale, min(self._threshold, DOUBTFUL))
        possible = largest_first(found, self._min_face_px)
        faces = [face for face in self._examined(frame_gray, possible) if face.score >= self._threshold]
        if not faces and self._hints_at_large_face(small.shape[0]):
            faces = largest_first(self._large_faces(frame_gray, small, scale), self._min_face_px)
        return faces

    def _examined(self, frame_gray: npt.NDArray[np.uint8], faces: list[Face]) -> list[Face]:
        """`faces`, of which the doubtful ones have the mean of their score and that of a close look."""
        looks = 0
        examined = []
        for face in faces:
            is_doubtful = DOUBTFUL <= face.score < SURE and is_possible(face.box_xywh, frame_gray)
            if self._closely and is_doubtful and looks < MOST_CLOSE_LOOKS:
                looks += 1
                face = replace(face, score=(face.score + self._close_score(frame_gray, face)) / 2)
            examined.append(face)
        return examined

    def _close_score(self, frame_gray: npt.NDArray[np.uint8], face: Face) -> float:
        """The score of `face` in its close-up; 0 where none is found in its place."""
        picture, box_xywh = close_up(frame_gray, face.box_xywh)
        expected = [Face(box_xywh, face.score)]
        found = self._search(self._close_cells, clear_copy(picture), 1.0, LEAST_CLOSE_SCORE)
        return max((one.score for one in found if lies_on_another(one, expected)), default=0.0)

    def _hints_at_large_face(self, height: int) -> bool:
        """Whether any cell of the search before, in a copy of this height, has a doubtful but large box."""
        rows, columns = np.nonzero(self._cells.output("scores")[..., 0] >= self._least(HINT))
        if not len(rows):
            return False
        side_px = UNIT_PX * np.exp2(self._cells.values("boxes", rows, columns)[:, 3])
        return bool(side_px.max() >= HINTED * height)

    def _large_faces(self, frame_gray: npt.NDArray[np.uint8], small: npt.NDArray[np.uint8], scale: float) -> list[Face]:
        """The faces of the copy at half its size that fill much of the frame."""
        height, width = small.shape
        if min(height, width) < 2:
            return []
        half = np.asarray(cv2.resize(small, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
        threshold = max(LARGE_SCORE, self._threshold)
        faces = self._search(self._coarse_cells, half, scale * half.shape[1] / width, threshold)
        return [face for face in faces if face.box_xywh[3] >= LARGE * frame_gray.shape[0]]

    def _search(self, cells: Cells, gray: npt.NDArray[np.uint8], scale: float, threshold: float) -> list[Face]:
        """The faces of `gray`, which is `scale` times as large as the frame, in the frame's pixels."""
        cells.run(gray)
        rows, columns = np.nonzero(cells.output("scores")[..., 0] >= self._least(threshold))
        if not len(rows):
            return []
        scores = cells.values("scores", rows, columns)
        boxes = cells.values("boxes", rows, columns)
        landmarks = cells.values("landmarks", rows, columns)
        found = decode(rows, columns, boxes) / scale
        eyes = found[:, np.newaxis, :2] + found[:, np.newaxis, 2:] * (0.5 + landmarks[:, :4].reshape(-1, 2, 2))
        kept = cv2.dnn.NMSBoxes(found.tolist(), scores[:, 0].tolist(), 0.0, MAX_OVERLAP)
        places = np.column_stack([found, eyes.reshape(-1, 4)])
        faces = [_face(blended(places, scores[:, 0], index), float(scores[index, 0])) for index in np.ravel(kept)]
        return distinct(faces)

    def _least(self, threshold: float) -> int:
        """The first int8 score that reaches `threshold`."""
        scores = self.manifest.outputs["scores"]
        return math.ceil(threshold / scores.scale) + scores.zero_point


def decode(
    rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], boxes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Turn the output `boxes`, (N, 4), of the cells at `rows` and `columns`, (N,), into boxes of the network's input.

    A cell gives the distance of the box's centre from its own, in cells, and log2(side / UNIT_PX) of both sides.
    Returns x, y, width, height, (N, 4), in pixels.
    """
    centre = (np.column_stack([columns, rows]) + 0.5 + boxes[:, :2]) * CELL_PX
    size = UNIT_PX * np.exp2(boxes[:, 2:])
    return np.column_stack([centre - size / 2, size])


def blended(places: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], best: int) -> npt.NDArray[np.float64]:
    """Average the boxes and eyes, (N, 8), of all cells that see the face which cell `best` sees best.

    Weighted by the scores; a face then trembles less from frame to frame: Bazarevsky et al. 2019, BlazeFace.
    """
    low = places[:, :2]
    high = places[:, :2] + places[:, 2:4]
    sides = np.maximum(np.minimum(high, high[best]) - np.maximum(low, low[best]), 0)
    shared = sides[:, 0] * sides[:, 1]
    areas = places[:, 2] * places[:, 3]
    near = shared >= MAX_OVERLAP * (areas + areas[best] - shared)
    return np.asarray(scores[near] @ places[near] / scores[near].sum(), np.float64)


def _face(place: npt.NDArray[np.float64], score: float) -> Face:
    """`place` (8,): the box's x, y, width, height, and x, y of the two eyes."""
    (left_x, left_y), (right_x, right_y) = sorted(place[4:].reshape(2, 2).tolist())
    return Face(as_box(place[:4]), score, ((left_x, left_y), (right_x, right_y)))
