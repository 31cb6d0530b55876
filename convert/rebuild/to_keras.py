"""Turn a finished .tflite file into the .keras file that training starts from; refuse one that answers otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convert.decision.prior import adjusted
from convert.evaluation.evaluate import predict
from convert.quantization.calibration import calibration_faces
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.classifier import Classifier
from edge.vision.manifest import Manifest
from train.config import from_recipe
from train.data.faces import Faces
from train.data.fer2013 import in_classes, load
from train.quiet import import_keras

FACES_PER_CLASS = 300  # whose averages become batch norm's: more change the third digit
MAX_DIFFERENCE = 0.002  # of validation accuracy, once the file's shift of the logits is added again


@dataclass(frozen=True)
class Rebuilt:
    """How like the file the network is, on validation."""

    accuracy_int8: float
    accuracy: float
    """with the file's shift of the logits"""
    accuracy_unshifted: float
    """as written"""
    same_answers: float
    """share of the faces"""
    correlation: float
    """of the probabilities"""


def to_keras(model: Path, recipe: str, data: str | Path, out: Path) -> Rebuilt:
    """Write the float network of `model`, a .tflite file made by `recipe`, to `out`.

    The logits are as they were trained: `quantize` shifts them again. Raises ModelError where the file is not one of
    that recipe, or the network is right less often or more often than it by more than `MAX_DIFFERENCE`; DataError,
    ConfigError, and UsageError for another kind of `out`.
    """
    if out.suffix != ".keras":
        raise UsageError(
            f"{out}: expected a name that ends in .keras", f"such as {out.with_suffix('.keras')}"
        )
    described, content = manifest.read_verified(model, Manifest)
    config = from_recipe(recipe, data=str(data))
    _check_labels(model, described.labels, config.classes.names)
    faces = in_classes(load(data), config.classes)
    validation = faces.split("validation")
    train = calibration_faces(faces.split("train"), FACES_PER_CLASS)
    import_keras()
    from convert.rebuild.layers import read_weights, without_prior
    from convert.rebuild.network import rebuild

    weights = read_weights(content)
    weights[-1] = without_prior(weights[-1], described.prior)
    network = rebuild(weights, config, train.images)
    compared = _compare(Classifier(content, described), network, described.prior, validation)
    if abs(compared.accuracy - compared.accuracy_int8) > MAX_DIFFERENCE:
        raise ModelError(
            f"the network is right on {compared.accuracy:.2%} of validation, the file on "
            f"{compared.accuracy_int8:.2%}; nothing was written",
            "give the --recipe that it was made by",
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    network.save(out)
    return compared


def _check_labels(model: Path, labels: Sequence[str], expected: Sequence[str]) -> None:
    if list(labels) != list(expected):
        raise ModelError(
            f"{model}: its labels are {', '.join(labels)}, the recipe's {', '.join(expected)}",
            "give the --recipe that it was made by",
        )


def _compare(
    classifier: Classifier, network: Any, prior: dict[str, Any], validation: Faces
) -> Rebuilt:
    int8 = predict(classifier, validation)[0]
    trained = predict(network, validation)[0]
    shifted = trained
    if prior.get("exponent"):
        shift = np.array(list(prior["shift"].values()))
        shifted = adjusted(trained, shift, prior["temperature"])
    right_int8, right, right_trained = (
        float((answers.argmax(axis=1) == validation.labels).mean())
        for answers in (int8, shifted, trained)
    )
    return Rebuilt(
        accuracy_int8=right_int8,
        accuracy=right,
        accuracy_unshifted=right_trained,
        same_answers=float((int8.argmax(axis=1) == shifted.argmax(axis=1)).mean()),
        correlation=float(np.corrcoef(int8.ravel(), shifted.ravel())[0, 1]),
    )
