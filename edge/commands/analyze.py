"""Analyze photos, folders and videos, and write a JSON line for each picture or frame."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from tqdm import tqdm

from edge.cameras.frame import Frame
from edge.cameras.media.ffmpeg import DamagedFileError, guarded
from edge.cameras.media.files import is_picture, open_file
from edge.cameras.media.folder import files_in
from edge.cameras.media.kinds import is_bystander
from edge.cameras.media.picture import MAX_MEGAPIXELS, kind_of_file, refusal
from edge.cameras.media.regular import shown
from edge.drawing import AnnotatedFolder
from edge.errors import EXIT_TRY_AGAIN, UsageError
from edge.results import FaceEmotion
from edge.vision.pipeline import Pipeline

logger = logging.getLogger(__name__)


@dataclass
class Found:
    """What there is to analyze."""

    files: list[Path] = field(default_factory=list)
    named: set[Path] = field(default_factory=set)
    """those of `files` that were named by themselves, not found in a folder"""
    problems: list[str] = field(default_factory=list)
    """what could not be looked into, and why"""


@dataclass
class Tally:
    """Counts for the last line."""

    pictures: int = 0
    videos: int = 0
    faces: int = 0
    """in pictures, and different ones in each video"""
    unread: int = 0
    """files of which all, or a part, could not be read"""
    others: int = 0
    """files in folders that are and claim to be neither pictures nor videos"""

    def __str__(self) -> str:
        read = f"{_count(self.pictures, 'picture')}, {_count(self.videos, 'video')}: {_count(self.faces, 'face')}"
        others = f"; {_count(self.others, 'other file')} left out" if self.others else ""
        were = "was" if self.unread == 1 else "were"
        unread = f"; {_count(self.unread, 'file')} {were} not read, or not whole" if self.unread else ""
        return read + others + unread


class Analysis:
    """Writes a line for every picture and frame to `output`, and where asked, pictures with boxes to `annotated`."""

    def __init__(
        self,
        pipeline: Pipeline,
        output: TextIO,
        annotated: AnnotatedFolder | None = None,
        max_megapixels: float = MAX_MEGAPIXELS,
    ) -> None:
        self._pipeline = pipeline
        self._output = output
        self._annotated = annotated
        self._max_megapixels = max_megapixels
        self._tally = Tally()

    def run(self, found: Found) -> int:
        """Analyze all files; returns the exit status: 1 where one was damaged, though its good frames were analyzed."""
        self._tally.unread += len(found.problems)
        for problem in found.problems:
            logger.error("%s", problem)
        progress = tqdm(found.files, "analyzing", unit="file", file=sys.stderr, disable=None)
        for file in progress:
            try:
                self._analyze(file, in_folder=file not in found.named)
            except (DamagedFileError, UsageError) as error:
                progress.clear()
                logger.error("%s", error)
                self._tally.unread += 1
        self._output.flush()  # the last word is said when all is written
        logger.info("%s", self._tally)
        return EXIT_TRY_AGAIN if self._tally.unread else 0

    def _analyze(self, file: Path, in_folder: bool) -> None:
        kind = kind_of_file(file)
        if in_folder and is_bystander(kind, file.suffix):
            logger.info("%s", refusal(file, kind))
            self._tally.others += 1
            return
        tracks: set[int] = set()
        is_photo = is_picture(kind)
        self._pipeline.restart()
        with open_file(file, colour=self._annotated is not None, max_megapixels=self._max_megapixels) as source:
            while frame := source.read():
                if frame.index == 0:
                    self._tally.pictures += is_photo
                    self._tally.videos += not is_photo
                faces = self._faces(file, frame, is_photo)
                self._write(file, frame, faces)
                new = {face.track for face in faces} - tracks
                self._tally.faces += len(new)
                tracks |= new

    def _faces(self, file: Path, frame: Frame, is_photo: bool) -> list[FaceEmotion]:
        with guarded(file):
            return self._pipeline.analyze(frame.gray, None if is_photo else frame.time_s)

    def _write(self, file: Path, frame: Frame, faces: Sequence[FaceEmotion]) -> None:
        self._output.write(json.dumps(line(file, frame, faces)) + "\n")
        if self._annotated:
            self._annotated.add(file, frame, faces)


def find(paths: Sequence[Path]) -> Found:
    """A file stands for itself, a folder for every file in it but junk, by name.

    Raises UsageError where a path is missing, or a folder holds no file.
    """
    found = Found()
    for path in paths:
        if not path.exists():
            raise UsageError(f"{shown(path)}: no such file or folder", "check the name")
        if not path.is_dir():
            found.files.append(path)
            found.named.add(path)
            continue
        listing = files_in(path)
        if not (listing.files or listing.problems):
            raise UsageError(f"{shown(path)}: no pictures or videos, the folder is empty", "give another")
        found.files += listing.files
        found.problems += listing.problems
    return found


def line(file: Path, frame: Frame, faces: Sequence[FaceEmotion]) -> dict[str, Any]:
    """One output line, as README describes it. Bytes of a name that are no UTF-8 are written as \\udc80 to \\udcff."""
    return {
        "source": str(file),
        "frame": frame.index,
        "time_s": round(frame.time_s, 3),
        "faces": [_face(face) for face in faces],
    }


def _face(face: FaceEmotion) -> dict[str, Any]:
    probabilities = zip(face.labels, face.probabilities, strict=True)
    return {
        "track": face.track,
        "box_xywh": [round(value, 1) for value in face.box_xywh],
        "detection_score": round(face.detection_score, 4),
        "emotion": face.emotion,
        "score": round(face.score, 4),
        "certain": face.certain,
        "probabilities": {label: round(float(value), 4) for label, value in probabilities},
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
