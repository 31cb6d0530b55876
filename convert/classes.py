"""Which classes a model tells apart, so that data labelled with the seven emotions can be laid beside it."""

from pathlib import Path

from edge.errors import UsageError
from edge.vision.manifest import Manifest
from train.data.classes import Classes, parse
from train.errors import ConfigError
from train.run.folder import classes_beside


def classes_of_network(network: object, path: Path, given: str | None) -> Classes:
    """Of a Keras network: as `given`, else as its run says, else the seven emotions. Raises UsageError."""
    outputs = network.output_shape[-1]  # type: ignore[attr-defined]
    found = parse(given) if given else classes_beside(path, outputs)
    if found is None or len(found) != outputs:
        told = f"{len(found)} labels" if found else "no labels"
        raise UsageError(
            f"{path}: a network of {outputs} classes with {told}",
            "say by --labels what it was trained on, in order",
        )
    return found


def classes_of_file(described: Manifest, path: Path, given: str | None) -> Classes:
    """Of a .tflite file: as `given`, else as the run said that it was made by, else emotions by name.

    Raises UsageError where its labels stand for emotions that nobody tells.
    """
    run = described.training.get("run") or {}
    for text in (given or run.get("labels"), ",".join(described.labels)):
        try:
            found = parse(text or "")
        except ConfigError:
            continue
        if list(found.names) == described.labels:
            return found
    raise UsageError(
        f"{path}: its manifest has the labels {', '.join(described.labels)}, and not what emotions they stand for",
        "say it by --labels, as in happy,calm=neutral,upset=angry+sad",
    )
