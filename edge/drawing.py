"""Draw boxes and emotions into copies of the analyzed frames; only where a person asks for it.

from edge import Analyzer, annotate

picture = annotate(frame, Analyzer().analyze(frame))
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from cv2.typing import MatLike

from edge.cameras.frame import Frame
from edge.results import FaceEmotion

CERTAIN_BGR = (80, 200, 80)
UNCERTAIN_BGR = (60, 170, 240)
FONT = cv2.FONT_HERSHEY_SIMPLEX


class AnnotatedFolder:
    """Writes one JPEG a frame into `folder`: <file>_<frame>.jpg, and <file>~2_<frame>.jpg for the next of that name."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._names: dict[Path, str] = {}
        self._stems: Counter[str] = Counter()

    def add(self, file: Path, frame: Frame, faces: Sequence[FaceEmotion]) -> None:
        target = self._folder / f"{self._name(file)}_{frame.index:06d}.jpg"
        picture = annotate(frame.gray if frame.bgr is None else frame.bgr, faces)
        target.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())

    def _name(self, file: Path) -> str:
        if file not in self._names:
            self._stems[file.stem] += 1
            count = self._stems[file.stem]
            self._names[file] = file.stem if count == 1 else f"{file.stem}~{count}"
        return self._names[file]


def annotate(frame: MatLike, faces: Sequence[FaceEmotion]) -> npt.NDArray[np.uint8]:
    """Return a copy of `frame`, (H, W, 3) uint8 BGR, with each face's box and label; orange and ? where not certain.

    `frame` is (H, W) uint8, gray, or (H, W, 3) uint8, BGR; the copy keeps its colours.
    """
    picture = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if frame.ndim == 2 else frame.copy()
    for face in faces:
        x, y, width, height = map(round, face.box_xywh)
        unit = min(max(width / 120, 0.4), 4.0)  # lines and letters grow with the face
        colour = CERTAIN_BGR if face.certain else UNCERTAIN_BGR
        cv2.rectangle(picture, (x, y), (x + width, y + height), colour, max(1, round(2 * unit)))
        sign = "" if face.certain else "?"
        _label(picture, f"{face.emotion}{sign} {face.score:.0%}", (x, y), colour, unit)
    return np.asarray(picture, dtype=np.uint8)


def _label(
    picture: cv2.typing.MatLike,
    text: str,
    corner: tuple[int, int],
    colour: tuple[int, int, int],
    unit: float,
) -> None:
    """Write `text` on a filled bar above `corner`, or below it at the picture's top."""
    thickness = max(1, round(unit))
    (width, height), _ = cv2.getTextSize(text, FONT, 0.6 * unit, thickness)
    pad = round(5 * unit)
    left = max(corner[0], 0)
    top = max(corner[1] - height - 2 * pad, 0)
    cv2.rectangle(
        picture,
        (left, top),
        (left + width + 2 * pad, top + height + 2 * pad),
        colour,
        cv2.FILLED,
    )
    cv2.putText(
        picture,
        text,
        (left + pad, top + height + pad),
        FONT,
        0.6 * unit,
        (20, 20, 20),
        thickness,
        cv2.LINE_AA,
    )
