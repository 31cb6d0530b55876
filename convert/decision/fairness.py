"""Shift a finished int8 model's logits for rooms that are not like FER2013, and measure it anew."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from convert.classes import classes_of_file
from convert.decision.certainty import choose_certainty
from convert.decision.prior import calibration_of, figures_of, fit_prior
from convert.evaluation.evaluate import predict
from convert.manifests import write_atomically
from edge import __version__
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.classifier import Classifier
from edge.vision.manifest import Manifest
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import in_classes, load


def adjust_prior(
    model: Path,
    data: str | Path,
    out: Path,
    exponent: float | None = None,
    version: str = __version__,
    labels: str | None = None,
) -> Manifest:
    """Write `model`, a .tflite file whose logits are not shifted yet, to `out` with shifted ones, and its manifest.

    Raises ModelError where it is shifted already or ends in other layers, DataError where the data cannot be used,
    UsageError for another kind of `out`.
    """
    if out.suffix != ".tflite":
        raise UsageError(
            f"{out}: expected a name that ends in .tflite", f"such as {out.with_suffix('.tflite')}"
        )
    described, content = manifest.read_verified(model, Manifest)
    if described.prior.get("exponent"):
        raise ModelError(
            f"{model}: its logits are shifted already (exponent {described.prior['exponent']}); nothing was written",
            "quantize the network again, or take the file of before",
        )
    named = msgspec.structs.replace(described, name=out.stem, version=version)
    faces = in_classes(load(data), classes_of_file(described, model, labels))
    changed, final = decide_fairly(content, named, faces, exponent)
    manifest.verify(out, final, changed)
    with write_atomically(out) as part:
        part.write_bytes(changed)
        manifest.save(final, manifest.path_beside(part))
    return final


def decide_fairly(
    content: bytes, described: Manifest, faces: Fer2013, exponent: float | None
) -> tuple[bytes, Manifest]:
    """Return the file with shifted logits, and its manifest with accuracy, certainty and what was done.

    `exponent` None chooses it on validation; 0 changes nothing.
    """
    validation = faces.split("validation")
    before = predict(Classifier(content, described), validation)[0]
    prior = fit_prior(before, validation, faces.split("train"), exponent)
    if prior.exponent:
        from convert.decision.last_layer import with_logits  # TensorFlow

        content = with_logits(content, prior.shift, prior.temperature)
    named = msgspec.structs.replace(described, sha256=hashlib.sha256(content).hexdigest())
    classifier = Classifier(content, named)
    after = predict(classifier, validation)[0]
    accuracy = {name: dict(figures) for name, figures in described.accuracy.items()}
    accuracy["validation"]["int8"] = _accuracy(after, validation)
    if len(faces.test):
        accuracy["test"]["int8"] = _accuracy(predict(classifier, faces.test)[0], faces.test)
    done = prior.described() | {
        "without": _figures(before, validation),
        "with": _figures(after, validation),
    }
    certainty = choose_certainty(after, validation.labels, validation.names)
    return content, msgspec.structs.replace(
        named, accuracy=accuracy, certainty=certainty, prior=done
    )


def _accuracy(probabilities: np.ndarray, faces: Faces) -> float:
    return round(float((probabilities.argmax(axis=1) == faces.labels).mean()), 4)


def _figures(probabilities: np.ndarray, faces: Faces) -> dict[str, Any]:
    """Of validation."""
    figures = figures_of(probabilities, faces.labels)
    rounded = {name: round(value, 4) for name, value in figures.items()}
    return rounded | {"calibration_error": calibration_of(probabilities, faces.labels)}
