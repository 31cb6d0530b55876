"""Find faces by YuNet, a download, in OpenCV's own engine."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import CropGeometry
from edge.errors import ModelError
from edge.vision.detection.distinct import distinct
from edge.vision.detection.face import REDUCED_WIDTH, Face, as_box, largest_first, reduced

YUNET_THRESHOLD = 0.8  # no false alarm on the face-free photos tried


class YuNet:
    """YuNet by `cv2.FaceDetectorYN`; raises ModelError where the file is missing or not YuNet."""

    name = "yunet"
    geometry = CropGeometry(side=1.11, shift_x=0.0, shift_y=0.0)  # measured by `convert measure-crop`

    def __init__(
        self,
        model: str | Path,
        threshold: float = YUNET_THRESHOLD,
        min_face_px: int = 32,
    ) -> None:
        if not Path(model).is_file():
            raise ModelError(
                f"{model}: no such face detector",
                "run `python -m edge fetch-yunet`, or set detector.kind = 'haar'",
            )
        self._min_face_px = min_face_px
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (REDUCED_WIDTH, REDUCED_WIDTH), threshold)
            self._net.detect(np.zeros((REDUCED_WIDTH, REDUCED_WIDTH, 3), np.uint8))
        except cv2.error as error:
            raise ModelError(f"{model}: OpenCV {cv2.__version__} cannot run it as YuNet", "fetch it again") from error

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = reduced(frame_gray)
        self._net.setInputSize((small.shape[1], small.shape[0]))
        rows = self._net.detect(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))[1]
        faces = [_face(row / scale, float(row[14])) for row in (rows if rows is not None else [])]
        return largest_first(distinct(faces), self._min_face_px)


def _face(row: npt.NDArray[np.float32], score: float) -> Face:
    """YuNet's row: box, then right eye, left eye (the person's), nose, mouth corners, score."""
    eyes = sorted([(float(row[4]), float(row[5])), (float(row[6]), float(row[7]))])
    return Face(as_box(row[:4].astype(np.float64)), score, (eyes[0], eyes[1]))
