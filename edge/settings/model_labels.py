"""The labels of a model, from its manifest alone: for processes that must not be able to open the model itself."""

from pathlib import Path

import msgspec

from edge.contract import LABELS, label_fault


class _Manifest(msgspec.Struct):
    labels: list[str]


def read_labels(model: Path) -> tuple[str, ...]:
    """Those of `model`; of a manifest that is missing or wrong, which the daemon refuses, the shipped model's."""
    try:
        found = msgspec.json.decode(model.with_suffix(".json").read_bytes(), type=_Manifest).labels
    except (OSError, msgspec.DecodeError, RecursionError):
        return LABELS
    return LABELS if label_fault(found) else tuple(found)
