"""Evaluate a model, .keras, .h5 or .tflite, on one split.

A .tflite file runs in the very classifier that runs on the device.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from convert.classes import classes_of_file, classes_of_network
from edge.errors import UsageError
from edge.vision.classifier import Classifier
from train.data.batches import as_input
from train.data.classes import Classes
from train.data.faces import Faces
from train.data.fer2013 import in_classes, load
from train.data.near_duplicates import near_duplicates
from train.network.loading import read_emotion_network
from train.report import predictions
from train.report.metrics import evaluate as metrics

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
KERAS_TIMED_FACES = 50  # Keras needs tens of milliseconds a single face; a sample is enough


def evaluate(
    model: Path,
    data: str | Path,
    split: str,
    predicted: Path | None = None,
    labels: str | None = None,
) -> dict[str, Any]:
    """Return accuracy, per-class table, confusion matrix, calibration error and latency, ready
    for JSON.

    `held_out_of_training` says that the data has no validation faces and `split` is a tenth of
    its training faces. `without_near_duplicates` has the same figures, but latency, for the
    faces of photos that training does not hold; None where there are none such, no training
    faces, or `split` is theirs. Writes each face's probabilities to the CSV file `predicted`,
    if given, as `train report --int8` takes them. `labels` are the model's classes, where it does
    not say it itself. Raises UsageError for another kind of file,
    ModelError or NetworkError for one that cannot be used, DataError.
    """
    opened = open_model(model)
    loaded = in_classes(load(data), classes_of(opened, model, labels))
    faces = loaded.split(split)
    probabilities, seconds = predict(opened, faces)
    if predicted:
        predictions.save(predicted, probabilities, faces)
    milliseconds = seconds * 1000
    latency = {
        "median": float(np.median(milliseconds)),
        "p95": float(np.percentile(milliseconds, 95)),
    }
    held_out = loaded.held_out and split == "validation"
    about = {"model": str(model), "split": split, "held_out_of_training": held_out}
    figures = about | metrics(probabilities, faces.labels, faces.names) | {"latency_ms": latency}
    new = None if split == "train" else _without_near_duplicates(probabilities, faces, loaded.train)
    return figures | {"without_near_duplicates": new}


def _without_near_duplicates(
    probabilities: np.ndarray, faces: Faces, train: Faces
) -> dict[str, Any] | None:
    new = ~near_duplicates(faces.images, train.images)
    if not len(train) or not new.any():
        return None
    return metrics(probabilities[new], faces.labels[new], faces.names)


def open_model(path: Path) -> Any:
    """Open a .tflite file as a `Classifier`, a .keras or .h5 file as a `keras.Model`."""
    if path.suffix == ".tflite":
        return Classifier.load(path)
    if path.suffix in KERAS_SUFFIXES or path.is_dir():
        return read_emotion_network(path, outputs=None)
    raise UsageError(f"{path}: expected a .keras, .h5 or .tflite file", "give one")


def classes_of(opened: Any, path: Path, labels: str | None) -> Classes:
    """What `opened`, which was read from `path`, tells apart."""
    if isinstance(opened, Classifier):
        return classes_of_file(opened.manifest, path, labels)
    return classes_of_network(opened, path, labels)


def predict(model: Any, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (N, K) and the seconds that single faces took, one thread for a
    `Classifier`.
    """
    return (_predict_tflite if isinstance(model, Classifier) else _predict_keras)(model, faces)


def _predict_tflite(classifier: Classifier, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    probabilities, seconds = [], []
    for image in tqdm(faces.images, "classifying", unit="face", leave=False, disable=None):
        start = time.perf_counter()
        probabilities.append(classifier.classify(image))
        seconds.append(time.perf_counter() - start)
    return np.array(probabilities), np.array(seconds)


def _predict_keras(model: Any, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    images = as_input(faces.images)
    probabilities = model.predict(images, batch_size=256, verbose=0)
    seconds = []
    for image in images[:KERAS_TIMED_FACES]:
        start = time.perf_counter()
        model.predict_on_batch(image[np.newaxis])
        seconds.append(time.perf_counter() - start)
    return probabilities, np.array(seconds)
