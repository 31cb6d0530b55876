"""Evaluate the whole way on whole photos: find the face, cut it out, name its emotion, as the device does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from convert.classes import classes_of_file
from edge.cameras.media.ffmpeg import DamagedFileError
from edge.cameras.media.files import is_picture
from edge.cameras.media.folder import files_in
from edge.cameras.media.picture import kind_of_file, read_image
from edge.contract import INPUT_SIDE
from edge.errors import UsageError
from edge.settings import ClassifierSettings, Settings
from edge.vision.classifier import Classifier
from edge.vision.manifest import Manifest
from edge.vision.pipeline import Pipeline
from train.data.reading.names import emotion, left_behind, with_nearest
from train.errors import DataError
from train.report import plots
from train.report.metrics import evaluate

EXPECTED = "make folders named as emotions or as the model's labels, with photos in them: happy/a.jpg, sad/b.jpg"
SHOWN = 80  # mistakes on the sheet
Gray = npt.NDArray[np.uint8]


class SeeingClassifier(Classifier):
    """Keeps the crop that it was asked about first: in a photo, that of the largest face."""

    first_crop: Gray | None = None

    def classify(self, crop: Gray) -> npt.NDArray[np.float32]:
        self.first_crop = crop if self.first_crop is None else self.first_crop
        return super().classify(crop)


@dataclass
class PhotoTally:
    """The faces that were found, one of each photo, and the photos without; `names` are the model's labels."""

    names: tuple[str, ...]
    labels: list[int] = field(default_factory=list)
    probabilities: list[npt.NDArray[np.float32]] = field(default_factory=list)
    mistakes: list[dict[str, Any]] = field(default_factory=list)
    """file, label and emotion, and in `crop` the face; a photo without a face has no emotion and is shown whole"""
    photos: int = 0
    several_faces: int = 0
    """photos of more than one face, of which the largest counts"""
    unread: list[str] = field(default_factory=list)
    left_out: int = 0
    """photos of emotions that the model does not tell"""


def evaluate_photos(
    model: Path, folder: Path, sheet: Path | None = None, labels: str | None = None
) -> dict[str, Any]:
    """Return how many of the photos' faces are found, and how the largest of each is named, ready for JSON.

    `folder` holds a folder a label of the model, or an emotion; which label that belongs to the manifest says, or
    `labels` as `train fit` takes them. `accuracy` is of the faces found, `accuracy_of_photos` counts a photo without a
    face as a mistake. Draws the mistakes into `sheet`, if given and there are any. Raises DataError where there are no
    photos, UsageError or ModelError where `model` cannot be used.
    """
    if model.suffix != ".tflite":
        raise UsageError(
            f"{model}: expected a .tflite file, as photos go the device's way",
            "make it with `python -m convert quantize`",
        )
    pipeline = Pipeline.from_settings(
        Settings(classifier=ClassifierSettings(model=str(model.absolute())))
    )
    classifier = SeeingClassifier.load(model)
    pipeline.classifier = classifier
    tally = PhotoTally(classifier.labels)
    labelled = []
    for path, label in _labelled(folder, _classes_by_folder(classifier.manifest, model, labels)):
        tally.left_out += label < 0
        labelled += [(path, label)] if label >= 0 else []
    for path, label in tqdm(labelled, "looking", unit="photo", leave=False, disable=None):
        classifier.first_crop = None
        add_photo(path, label, pipeline, classifier, tally)
    if not tally.photos:
        reason = f"the model tells {', '.join(tally.names)} alone"
        raise DataError(
            f"{folder}: no photo that can be read; {tally.unread[0] if tally.unread else reason}",
            "copy them again, or save them as PNG or JPEG",
        )
    if sheet and tally.mistakes:
        _save_sheet(tally.mistakes[:SHOWN], sheet)
    return _figures(model, tally)


def _classes_by_folder(
    described: Manifest, model: Path, labels: str | None
) -> Callable[[str], int | None]:
    """Gives the label of a folder by its name: -1 for an emotion that the model does not tell, None for another name.

    A model that does not say what emotions its labels stand for takes folders with its labels' names.
    """
    try:
        class_of = classes_of_file(described, model, labels).class_of
    except UsageError:
        if labels:
            raise
        class_of = None

    def find(name: str) -> int | None:
        if name.lower() in described.labels:
            return described.labels.index(name.lower())
        index = emotion(name)
        return None if index is None or class_of is None else int(class_of[index])

    return find


def _labelled(folder: Path, class_of: Callable[[str], int | None]) -> list[tuple[Path, int]]:
    """Every picture and its label, -1 for one that the model does not tell.

    Raises DataError for a folder of another name, or where there is none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder", EXPECTED)
    found = []
    for place in sorted(
        path for path in folder.iterdir() if path.is_dir() and not left_behind(path)
    ):
        label = class_of(place.name)
        if label is None:
            name = with_nearest(place.name)
            raise DataError(f"{place}: {name} is no emotion, and no label of the model", EXPECTED)
        found += [(path, label) for path in files_in(place).files]
    if not found:
        raise DataError(f"{folder}: no photos", EXPECTED)
    return found


def add_photo(
    path: Path, label: int, pipeline: Pipeline, classifier: SeeingClassifier, tally: PhotoTally
) -> None:
    """Add what the pipeline says of the photo `path`, whose label is `label`, to `tally`."""
    try:
        if not is_picture(kind_of_file(path)):
            tally.unread.append(f"{path}: no picture")
            return
        photo = read_image(path)
    except (DamagedFileError, UsageError) as error:
        tally.unread.append(str(error))
        return
    tally.photos += 1
    faces = pipeline.analyze(photo)
    tally.several_faces += len(faces) > 1
    if not faces:
        tally.mistakes.append(
            {
                "file": str(path),
                "label": tally.names[label],
                "emotion": None,
                "crop": _whole(photo),
            }
        )
        return
    face = faces[0]
    tally.labels.append(label)
    tally.probabilities.append(face.probabilities)
    if face.emotion != tally.names[label]:
        mistake = {"file": str(path), "label": tally.names[label], "emotion": face.emotion}
        tally.mistakes.append(mistake | {"crop": classifier.first_crop})


def _figures(model: Path, tally: PhotoTally) -> dict[str, Any]:
    labels = np.array(tally.labels, dtype=int)
    probabilities = np.array(tally.probabilities).reshape(-1, len(tally.names))
    metrics = evaluate(probabilities, labels, tally.names) if len(labels) else {}
    right = int((probabilities.argmax(axis=1) == labels).sum())
    about = {
        "model": str(model),
        "photos": tally.photos,
        "found": len(labels),
        "several_faces": tally.several_faces,
        "unread": tally.unread,
        "left_out": tally.left_out,
        "accuracy_of_photos": right / tally.photos,
    }
    mistakes = [{key: one[key] for key in ("file", "label", "emotion")} for one in tally.mistakes]
    return about | metrics | {"mistakes": mistakes}


def _whole(photo: Gray) -> Gray:
    """The photo on a square of the sheet."""
    import cv2

    height, width = photo.shape
    scale = INPUT_SIDE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    square = np.full((INPUT_SIDE, INPUT_SIDE), 255, np.uint8)
    square[: size[1], : size[0]] = small
    return square


def _save_sheet(mistakes: list[dict[str, Any]], sheet: Path) -> None:
    captions = [f"{one['label']}\n{one['emotion'] or 'no face found'}" for one in mistakes]
    plots.save_faces(np.stack([one["crop"] for one in mistakes]), captions, sheet)
