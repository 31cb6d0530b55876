"""Judge a model, .keras or .tflite, on one split; the latter through the very classifier that runs on the device."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from edge.classifier import Classifier
from edge.errors import ModelError, UsageError
from train.data import Faces, load
from train.metrics import evaluate as metrics

KERAS_TIMED_FACES = 50  # Keras needs tens of milliseconds a single face; a sample is enough


def evaluate(model: Path, data: str | Path, split: str) -> dict[str, Any]:
    """Return accuracy, per-class table, confusion matrix, calibration error and latency, ready for JSON.

    Raises UsageError for another kind of file, ModelError for a model that cannot be used, DataError.
    """
    faces = load(data).split(split)
    probabilities, seconds = predict(model, faces)
    milliseconds = seconds * 1000
    latency = {"median": float(np.median(milliseconds)), "p95": float(np.percentile(milliseconds, 95))}
    return {"model": str(model), "split": split, **metrics(probabilities, faces.labels), "latency_ms": latency}


def predict(model: Path, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (N, 7) and the seconds that single faces took, one thread for .tflite."""
    if model.suffix == ".tflite":
        return _predict_tflite(Classifier(model), faces)
    if model.suffix == ".keras":
        return _predict_keras(model, faces)
    raise UsageError(f"{model}: expected a .keras or .tflite file")


def load_keras(path: Path) -> Any:
    """Load a Keras model; raises ModelError where it is missing or not one."""
    import keras

    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{path}: not a readable .keras model ({reason}); train it with `python -m train fit`"
        ) from error


def _predict_tflite(classifier: Classifier, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    probabilities, seconds = [], []
    for image in tqdm(faces.images, "classifying", unit="face", leave=False, disable=None):
        start = time.perf_counter()
        probabilities.append(classifier.classify(image))
        seconds.append(time.perf_counter() - start)
    return np.array(probabilities), np.array(seconds)


def _predict_keras(path: Path, faces: Faces) -> tuple[np.ndarray, np.ndarray]:
    model = load_keras(path)
    images = faces.images[..., np.newaxis].astype(np.float32)
    probabilities = model.predict(images, batch_size=256, verbose=0)
    seconds = []
    for image in images[:KERAS_TIMED_FACES]:
        start = time.perf_counter()
        model.predict_on_batch(image[np.newaxis])
        seconds.append(time.perf_counter() - start)
    return probabilities, np.array(seconds)
