"""Frames from files: pictures, one after the other, and videos."""

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.frame import Camera, Closing, Frame
from edge.cameras.media.ffmpeg import DamagedFileError
from edge.cameras.media.folder import files_in
from edge.cameras.media.kinds import Kind, Medium, is_bystander
from edge.cameras.media.picture import (
    MAX_MEGAPIXELS,
    READABLE,
    kind_of_file,
    read_image,
    read_picture,
    refusal,
)
from edge.cameras.media.regular import shown
from edge.cameras.media.video import VideoFile
from edge.errors import UsageError

__all__ = ["DamagedFileError", "ImageFolder", "Pictures", "VideoFile", "open_file", "read_image"]

logger = logging.getLogger(__name__)


class Pictures(Closing):
    """The pictures at `paths`; `read` raises DamagedFileError once for each that cannot be read."""

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        colour: bool = False,
        max_megapixels: float = MAX_MEGAPIXELS,
    ) -> None:
        self.name = name
        self._paths = paths
        self._colour = colour
        self._max_megapixels = max_megapixels
        self._index = 0

    def read(self) -> Frame | None:
        if self._index == len(self._paths):
            return None
        index = self._index
        self._index += 1
        picture = read_picture(self._paths[index], self._colour, self._max_megapixels)
        if not self._colour:
            return Frame(picture, index, float(index))
        gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return Frame(gray, index, float(index), picture)


class ImageFolder(Pictures):
    """The pictures of a folder and its subfolders, by name; raises UsageError where there are none.

    What else lies there is named, in the log or as an error of `read`.
    """

    def __init__(self, folder: Path, max_megapixels: float = MAX_MEGAPIXELS) -> None:
        listing = files_in(folder)
        pictures: list[Path] = []
        self._problems = listing.problems
        for path in listing.files:
            self._sort(path, pictures)
        if not pictures:
            problems = "".join(f"; {problem}" for problem in self._problems[:1])
            raise UsageError(f"{shown(folder)}: no images", f"expected {READABLE}{problems}")
        super().__init__(shown(folder), pictures, max_megapixels=max_megapixels)

    def read(self) -> Frame | None:
        if self._problems:
            raise DamagedFileError(self._problems.pop(0))
        return super().read()

    def _sort(self, path: Path, pictures: list[Path]) -> None:
        try:
            kind = kind_of_file(path)
        except UsageError as error:
            self._problems.append(str(error))
            return
        if is_picture(kind):
            pictures.append(path)
        elif is_bystander(kind, path.suffix):
            logger.info("%s", refusal(path, kind))
        else:
            self._problems.append(str(refusal(path, kind)))


def open_file(
    path: Path, realtime: bool = False, colour: bool = False, max_megapixels: float = MAX_MEGAPIXELS
) -> Camera:
    """Open a picture as one frame, a video as all of its frames; with `colour`, each frame's BGR picture beside it.

    Raises UsageError where it is neither.
    """
    kind = kind_of_file(path)
    if is_picture(kind):
        return Pictures(shown(path), [path], colour, max_megapixels)
    if kind.medium is Medium.VIDEO:
        return VideoFile(path, realtime, colour)
    raise refusal(path, kind)


def is_picture(kind: Kind) -> bool:
    return kind.medium in (Medium.PICTURE, Medium.HEIF)
