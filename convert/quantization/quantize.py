"""Turn a trained model into the int8 file and manifest that ship; refuse what lost too much on
the way.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from ai_edge_litert.interpreter import Interpreter

from convert.classes import classes_of_network
from convert.decision.certainty import NEVER_CERTAIN
from convert.decision.fairness import decide_fairly
from convert.evaluation.evaluate import predict
from convert.manifests import git_commit, tensor, tools, training, write_atomically
from convert.quantization.calibration import FACES_PER_CLASS, SEED, calibration_faces
from convert.quantization.plausibility import check_plausible
from edge import __version__
from edge.errors import ModelError, UsageError
from edge.vision import manifest
from edge.vision.classifier import Classifier
from edge.vision.manifest import Certainty, Manifest
from train.data.classes import Classes
from train.data.faces import Fer2013
from train.data.fer2013 import in_classes, load
from train.network.loading import read_emotion_network

MAX_LOSS = 0.01  # of validation accuracy, int8 against float


@dataclass(frozen=True)
class Quantized:
    """What came out, for the command to print."""

    operators: dict[str, int]
    accuracy: dict[str, dict[str, float]]
    certainty: Certainty
    prior: dict[str, Any]


def quantize(
    model: Path,
    data: str | Path,
    out: Path,
    max_loss: float = MAX_LOSS,
    prior_exponent: float | None = None,
    labels: str | None = None,
) -> Quantized:
    """Write `out` (.tflite) and its manifest, both or neither.

    `prior_exponent` says how far the emotions' shares in FER2013 are taken back, from 0 to 1;
    None chooses it on validation. `labels` are the network's classes, where its run does not say it.
    Raises NetworkError where the model is not readable, ModelError where it is not fit for the
    device, not fully int8, or loses more than `max_loss` of its validation accuracy; DataError
    where the data cannot be used, UsageError for another kind of `out`.
    """
    if out.suffix != ".tflite":
        raise UsageError(
            f"{out}: expected a name that ends in .tflite", f"such as {out.with_suffix('.tflite')}"
        )
    network = read_emotion_network(model, outputs=None)
    classes = classes_of_network(network, model, labels)
    faces = in_classes(load(data), classes)
    check_plausible(model, network, faces.split("validation"))
    # TensorFlow: after all that can be refused without it
    from convert.quantization.first_layer import on_squares
    from convert.quantization.tflite import check_int8, to_int8

    content = on_squares(to_int8(network, calibration_faces(faces.split("train")).images))
    operators = check_int8(content)
    described = _describe(model, out.stem, content, classes)
    models = {"float": network, "int8": Classifier(content, described)}
    measured = _with_accuracy(described, models, faces, max_loss)
    content, final = decide_fairly(content, measured, faces, prior_exponent)
    manifest.verify(out, final, content)
    with write_atomically(out) as part:
        part.write_bytes(content)
        manifest.save(final, manifest.path_beside(part))
    return Quantized(operators, final.accuracy, final.certainty, final.prior)


def _with_accuracy(
    described: Manifest, models: dict[str, Any], faces: Fer2013, max_loss: float
) -> Manifest:
    """Fill in the accuracy on the splits that are there, int8 through the device's classifier."""
    accuracy: dict[str, dict[str, float]] = {}
    for name in ("validation", "test"):
        split = getattr(faces, name)
        if not len(split):
            continue
        accuracy[name] = {}
        for kind, model in models.items():
            probabilities = predict(model, split)[0]
            accuracy[name][kind] = round(
                float((probabilities.argmax(axis=1) == split.labels).mean()), 4
            )
    _refuse_loss(accuracy["validation"], max_loss)
    return msgspec.structs.replace(described, accuracy=accuracy)


def _refuse_loss(accuracy: dict[str, float], max_loss: float) -> None:
    lost = accuracy["float"] - accuracy["int8"]
    if lost > max_loss:
        raise ModelError(
            f"int8 loses {lost:.2%} of validation accuracy (float {accuracy['float']:.2%}), "
            f"at most {max_loss:.2%} is allowed; nothing was written",
            "train it anew, with another --seed or for longer",
        )


def _describe(model: Path, name: str, content: bytes, classes: Classes) -> Manifest:
    """All that the file itself tells; figures come later."""
    interpreter = Interpreter(model_content=content)
    return Manifest(
        task=manifest.TASK,
        name=name,
        version=__version__,
        labels=list(classes.names),
        input=tensor(interpreter.get_input_details()[0]),
        output=tensor(interpreter.get_output_details()[0]),
        sha256=hashlib.sha256(content).hexdigest(),
        certainty=NEVER_CERTAIN,
        accuracy={},
        training=training(model),
        calibration={"split": "train", "faces_per_class": FACES_PER_CLASS, "seed": SEED},
        tools=tools(),
        git_commit=git_commit(),
    )
