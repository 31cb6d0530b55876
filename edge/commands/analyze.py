"""`analyze`: photos, folders and videos to JSON lines, one a picture or frame."""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from edge.cameras.files import IMAGE_SUFFIXES, VIDEO_SUFFIXES, DamagedFileError, VideoFile, read_image
from edge.cameras.frame import Frame
from edge.contract import LABELS
from edge.drawing import AnnotatedFolder
from edge.errors import EXIT_TRY_AGAIN, UsageError
from edge.results import FaceEmotion
from edge.vision.pipeline import Pipeline

log = logging.getLogger(__name__)


def analyze(files: Sequence[Path], pipeline: Pipeline, output: TextIO, annotated: AnnotatedFolder | None = None) -> int:
    """Write a line for every picture and frame of `files`; returns the exit status.

    A damaged file is reported, its good frames are analyzed, and the status is 1.
    """
    damaged = 0
    progress = tqdm(files, "analyzing", unit="file", file=sys.stderr, disable=None)
    for file in progress:
        pipeline.restart()
        is_photo = file.suffix.lower() in IMAGE_SUFFIXES
        try:
            for frame in frames(file):
                faces = pipeline.analyze(frame.gray, None if is_photo else frame.time_s)
                output.write(json.dumps(line(file, frame, faces)) + "\n")
                if annotated:
                    annotated.add(file, frame, faces)
        except (DamagedFileError, UsageError) as error:
            progress.clear()
            log.error("%s", error)
            damaged += 1
    return EXIT_TRY_AGAIN if damaged else 0


def expand(path: Path) -> list[Path]:
    """A file stands for itself, a folder for the pictures and videos in it, by name.

    Raises UsageError where the path is missing or holds nothing to analyze.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path}: no such file or folder")
    suffixes = IMAGE_SUFFIXES + VIDEO_SUFFIXES
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in suffixes)
    if not files:
        raise UsageError(f"{path}: no pictures or videos; expected files ending in {', '.join(suffixes)}")
    return files


def frames(file: Path) -> Iterator[Frame]:
    """Yield a photo as one frame, a video as all of its frames; raises DamagedFileError or UsageError."""
    if file.suffix.lower() in IMAGE_SUFFIXES:
        yield Frame(read_image(file), 0, 0.0)
        return
    with VideoFile(file) as video:
        while frame := video.read():
            yield frame


def line(file: Path, frame: Frame, faces: Sequence[FaceEmotion]) -> dict[str, Any]:
    """One output line, as README describes it."""
    return {
        "source": str(file),
        "frame": frame.index,
        "time_s": round(frame.time_s, 3),
        "faces": [
            {
                "track": face.track,
                "box_xywh": [round(value, 1) for value in face.box_xywh],
                "detection_score": round(face.detection_score, 4),
                "emotion": face.emotion,
                "score": round(face.score, 4),
                "certain": face.certain,
                "probabilities": {
                    label: round(float(value), 4) for label, value in zip(LABELS, face.probabilities, strict=True)
                },
            }
            for face in faces
        ],
    }
