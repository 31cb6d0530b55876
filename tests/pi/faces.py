"""500 faces that every user has: of FER2013 where it is given, else of the demo, moved by a few pixels."""

import csv
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.contract import INPUT_SIDE, crop_face
from edge.vision.detection import Haar

COUNT = 500
MOVE_SHARE = 0.08  # of the box: as far as a detector's box wanders


def read(fer2013_csv: Path | None) -> npt.NDArray[np.uint8]:
    """Return `(500, 48, 48) uint8, gray`."""
    faces = list(islice(_of_csv(fer2013_csv) if fer2013_csv else _of_demo(), COUNT))
    if len(faces) < COUNT:
        raise SystemExit(f"{fer2013_csv}: expected {COUNT} faces or more, found {len(faces)}")
    return np.stack(faces)


def _of_csv(path: Path):
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="") as file:
        for row in csv.DictReader(file, skipinitialspace=True):
            yield np.array(row["pixels"].split(), dtype=np.uint8).reshape(INPUT_SIDE, INPUT_SIDE)


def _of_demo():
    rng = np.random.default_rng(0)
    detector = Haar()
    while True:
        with VideoFile(DEMO) as video:
            for frame in iter(video.read, None):
                for face in detector.detect(frame.gray):
                    x, y, width, height = face.box_xywh
                    right, down = rng.uniform(-MOVE_SHARE, MOVE_SHARE, 2) * width
                    yield crop_face(frame.gray, (x + right, y + down, width, height), detector.geometry)
