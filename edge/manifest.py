"""The manifest beside a model: what it is, and what the device checks before it runs it."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from edge.contract import INPUT_SHAPE, LABELS
from edge.errors import ModelError

TASK = "emotion-classification"


class Tensor(msgspec.Struct, frozen=True):
    """One tensor of the model; real value = scale * (stored value - zero_point)."""

    shape: list[int]
    dtype: str
    scale: float
    zero_point: int


class Certainty(msgspec.Struct, frozen=True):
    """The score from which a prediction counts as certain, and what that gives on validation."""

    threshold: Annotated[float, Meta(ge=0.0, le=1.0)]
    coverage: float
    """share of the faces at or above the threshold"""
    accuracy: float
    """share of those that are right"""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`accuracy` and the entries after it tell people where the model comes from; the device does not read them."""

    task: str
    name: str
    version: str
    labels: list[str]
    input: Tensor
    output: Tensor
    sha256: str
    certainty: Certainty
    accuracy: dict[str, dict[str, float]]
    training: dict[str, Any]
    calibration: dict[str, Any]
    tools: dict[str, str]
    git_commit: str


def path_beside(model: Path) -> Path:
    """`emotion_int8.tflite` has `emotion_int8.json`."""
    return model.with_suffix(".json")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(manifest: Manifest, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def load(path: Path) -> Manifest:
    """Read a manifest; raises ModelError where it is missing or not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelError(
            f"{path}: no readable manifest ({error.strerror}); copy it from where the model was made"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # the last: brackets without end
        raise ModelError(
            f"{path}: not a valid manifest: {error}; copy it again, or quantize the model again"
        ) from error


def verify(manifest: Manifest, model: Path, content: bytes) -> None:
    """Check the `content` of the file `model` and the manifest against each other and against this program.

    Raises ModelError at the first mismatch: task, labels and their order, input shape and dtype, sha256.
    """
    expected = {
        "task": (TASK, manifest.task),
        "labels": (list(LABELS), manifest.labels),
        "input.shape": ([1, *INPUT_SHAPE], manifest.input.shape),
        "input.dtype": ("int8", manifest.input.dtype),
        "output.shape": ([1, len(LABELS)], manifest.output.shape),
        "output.dtype": ("int8", manifest.output.dtype),
        "sha256": (manifest.sha256, hashlib.sha256(content).hexdigest()),
    }
    for key, (wanted, found) in expected.items():
        if wanted != found:
            whose = "the manifest says" if key == "sha256" else "this program needs"
            raise ModelError(
                f"{model}: {key} does not match: {whose} {wanted}, found {found}; copy model and manifest together again"
            )
