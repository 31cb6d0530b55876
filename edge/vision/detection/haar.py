"""Find faces by OpenCV's Haar cascade, which comes with OpenCV and needs no model file."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edge.contract import CropGeometry
from edge.errors import ModelError
from edge.vision.detection.distinct import distinct
from edge.vision.detection.face import Face, as_box, largest_first, reduced

HAAR_CASCADE = "haarcascade_frontalface_default.xml"


class Haar:
    """The cascade that ships with OpenCV 4: always there, but misses many faces and sees some in wallpaper."""

    name = "haar"
    geometry = CropGeometry(side=1.01, shift_x=0.0, shift_y=0.0)  # measured by `convert measure-crop`

    def __init__(self, min_face_px: int = 32) -> None:
        if not hasattr(cv2, "CascadeClassifier"):
            raise ModelError(f"OpenCV {cv2.__version__} has no Haar cascades", "run `python -m edge fetch-yunet`")
        self._min_face_px = min_face_px
        path = Path(cv2.__file__).parent / "data" / HAAR_CASCADE
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise ModelError(
                f"{path}: no such cascade",
                "install opencv-python-headless by pip, or `python -m edge fetch-yunet`",
            )

    def detect(self, frame_gray: npt.NDArray[np.uint8]) -> list[Face]:
        small, scale = reduced(frame_gray)
        side = max(round(self._min_face_px * scale), 20)  # the cascade's own window is 20 px
        boxes = self._cascade.detectMultiScale(small, scaleFactor=1.1, minNeighbors=5, minSize=(side, side))
        faces = [Face(as_box(np.asarray(box) / scale), 1.0) for box in boxes]  # a cascade gives no score
        return largest_first(distinct(faces), self._min_face_px)
