"""GrayNet, our own detector: a single-shot int8 network on the gray frame itself, run like the classifier.

A dark copy is made brighter by a table. A face that fills the frame is larger than what the network can see at once:
where nothing is found but some cell takes itself for a part of something large, a copy of half the size is searched
for such faces alone, at a quarter of the cost.
"""

import math
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import CELL_PX, COPY_WIDTH_PX, MAX_OVERLAP, UNIT_PX
from edge.vision import manifest as manifests
from edge.vision.detection.cells import Cells
from edge.vision.detection.distinct import distinct
from edge.vision.detection.face import Face, as_box, largest_first, reduced
from edge.vision.manifest import DetectorManifest
from edge.vision.runtime import Runtime

DARK_LEVEL = 40.0  # median gray level below which a copy is made brighter
BRIGHT_LEVEL = 110.0  # to which its median is brought, if `LEAST_GAMMA` is enough
LEAST_GAMMA = 0.35
MEDIAN_STEP = 8  # every eighth pixel of every eighth row tells the median
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
    ) -> None:
        """A `threshold` of 0 is the manifest's own; `path` is what messages call the model."""
        self.manifest = manifest
        self.geometry = manifest.crop
        self._threshold = threshold or manifest.threshold
        self._min_face_px = min_face_px
        self._cells = Cells(path, content, manifest, runtime)
        self._coarse_cells = Cells(path, content, manifest, runtime)
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
        small = brightened(small)
        faces = self._search(self._cells, small, scale, self._threshold)
        if not faces and self._hints_at_large_face(small.shape[0]):
            faces = self._large_faces(frame_gray, small, scale)
        return largest_first(faces, self._min_face_px)

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


def brightened(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """`gray` itself, but where it is dark a brighter copy."""
    counts = np.bincount(gray[::MEDIAN_STEP, ::MEDIAN_STEP].ravel(), minlength=256).cumsum()
    level = int(np.searchsorted(counts, counts[-1] / 2))  # the median
    if level >= DARK_LEVEL:
        return gray
    gamma = max(LEAST_GAMMA, math.log(BRIGHT_LEVEL / 255) / math.log(max(level, 1) / 255))
    levels = np.rint(255 * np.linspace(0, 1, 256) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(gray, levels), np.uint8)


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
