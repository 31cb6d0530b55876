"""The manifest beside a model: what it is, and what the device checks before it runs it."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from edge.contract import INPUT_SHAPE, LABEL_RULE, CropGeometry, label_fault
from edge.errors import ModelError

TASK = "emotion-classification"
DETECTOR_TASK = "face-detection"
CROP_LIMITS = "a side of 0.2 to 5 and shifts of at most 2, in sides of the box"
DETECTOR_OUTPUTS = {"scores": [1], "boxes": [4], "landmarks": [10]}  # channels


class Tensor(msgspec.Struct, frozen=True):
    """One tensor of the model; real value = scale * (stored value - zero_point)."""

    shape: list[int]
    dtype: str
    scale: float
    zero_point: int


Score = Annotated[float, Meta(ge=0.0, le=1.0)]


class Certainty(msgspec.Struct, frozen=True):
    """The score from which a prediction counts as certain, and what that gives on validation."""

    threshold: Score
    """of emotions that have none of their own"""
    coverage: float
    """share of the faces that are called certain"""
    accuracy: float
    """share of those that are right"""
    thresholds: dict[str, Score] = {}
    """by label"""
    equal_shares: dict[str, float] = {}
    """coverage and accuracy where all emotions are equally frequent; for people"""

    def is_certain(self, label: str, score: float) -> bool:
        return score >= self.thresholds.get(label, self.threshold)


class _Described(msgspec.Struct, frozen=True, kw_only=True):
    """What both kinds of model say; the entries from `training` on are for people."""

    task: str
    name: str
    version: str
    labels: list[str]
    input: Tensor
    sha256: str
    training: dict[str, Any]
    calibration: dict[str, Any]
    tools: dict[str, str]
    git_commit: str


class Manifest(_Described, frozen=True, kw_only=True):
    """Of an emotion model; `accuracy` and `prior` are for people."""

    output: Tensor
    certainty: Certainty
    accuracy: dict[str, dict[str, float]]
    prior: dict[str, Any] = {}
    """how far the emotions' shares in the training data were taken back, and what that changed"""

    def requirements(self) -> dict[str, tuple[Any, Any]]:
        """What this program needs, and what is there."""
        return {
            "task": (TASK, self.task),
            "labels": (LABEL_RULE, label_fault(self.labels) or LABEL_RULE),
            "input.shape": ([1, *INPUT_SHAPE], self.input.shape),
            "input.dtype": ("int8", self.input.dtype),
            "output.shape": ([1, len(self.labels)], self.output.shape),
            "output.dtype": ("int8", self.output.dtype),
            "certainty.thresholds": ([], sorted(set(self.certainty.thresholds) - set(self.labels))),
        }


class DetectorManifest(_Described, frozen=True, kw_only=True):
    """Of a face detector; `figures`, on photos held out of the training, are for people."""

    outputs: dict[str, Tensor]
    threshold: Annotated[float, Meta(gt=0.0, le=1.0)]
    """score from which a box counts as a face"""
    crop: CropGeometry
    """where FER2013's framing lies around this detector's boxes; `quantize-detector` measures it"""
    figures: dict[str, float]

    def requirements(self) -> dict[str, tuple[Any, Any]]:
        """What this program needs, and what is there."""
        channels = {name: tensor.shape[-1:] for name, tensor in self.outputs.items()}
        return {
            "task": (DETECTOR_TASK, self.task),
            "labels": (["face"], self.labels),
            "input.shape": ([1, 1], [*self.input.shape[:1], *self.input.shape[3:]]),
            "input.dtype": ("int8", self.input.dtype),
            "input.zero_point": (-128, self.input.zero_point),
            "input.scale": (1.0, round(self.input.scale, 4)),
            "outputs": (DETECTOR_OUTPUTS, channels),
            "outputs' dtype": ({"int8"}, {tensor.dtype for tensor in self.outputs.values()}),
            "crop": (CROP_LIMITS, CROP_LIMITS if _plausible(self.crop) else self.crop),
        }


def _plausible(crop: CropGeometry) -> bool:
    """Whether a crop has some size and lies somewhere near the face's box."""
    return 0.2 <= crop.side <= 5 and max(abs(crop.shift_x), abs(crop.shift_y)) <= 2


Kind = TypeVar("Kind", Manifest, DetectorManifest)


def path_beside(model: Path) -> Path:
    """`emotion_int8.tflite` has `emotion_int8.json`."""
    return model.with_suffix(".json")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(manifest: Manifest | DetectorManifest, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def load(path: Path, kind: type[Kind]) -> Kind:
    """Read a manifest; raises ModelError where it is missing or not one of this kind."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelError(
            f"{path}: no readable manifest ({error.strerror})", "copy it from where the model was made"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # the last: brackets without end
        raise ModelError(
            f"{path}: not a valid manifest: {error}", "copy it again, or quantize the model again"
        ) from error


def read_verified(model: Path, kind: type[Kind]) -> tuple[Kind, bytes]:
    """Read `model` and the manifest beside it, and check them against each other and against this program.

    What is verified is what is returned, whatever becomes of the file. Raises ModelError where one is missing, and
    at the first mismatch.
    """
    try:
        content = model.read_bytes()
    except OSError as error:
        reason = f"{model}: no such model, or not readable ({error.strerror})"
        raise ModelError(reason, "set its path, or copy one there with its manifest") from error
    manifest = load(path_beside(model), kind)
    verify(model, manifest, content)
    return manifest, content


def verify(model: Path, manifest: Manifest | DetectorManifest, content: bytes) -> None:
    """Check `content` of `model` against `manifest`, and both against this program; raises ModelError."""
    expected = manifest.requirements() | {"sha256": (manifest.sha256, hashlib.sha256(content).hexdigest())}
    for key, (needed, found) in expected.items():
        if needed != found:
            whose = "the manifest says" if key == "sha256" else "this program needs"
            raise ModelError(
                f"{model}: {key} does not match: {whose} {needed}, found {found}",
                "copy model and manifest together again",
            )
