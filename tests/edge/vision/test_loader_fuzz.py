"""Whatever bytes lie where model and manifest should be: a ModelError, never another error, never a crash."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL, PROJECT
from edge.vision.classifier import Classifier
from edge.vision.detection import GrayNet
from edge.vision.manifest import DetectorManifest, Manifest
from edge.vision.runtime import RUNTIMES
from tests.program import environment, needs

MODEL = DEFAULT_MODEL.read_bytes()
MANIFEST = DEFAULT_MODEL.with_suffix(".json").read_bytes()
GRAYNET = DEFAULT_GRAYNET.read_bytes()
GRAYNET_MANIFEST = DEFAULT_GRAYNET.with_suffix(".json").read_bytes()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


ENTRIES = [
    ("task",),
    ("name",),
    ("labels",),
    ("sha256",),
    ("accuracy",),
    ("training",),
    *((tensor, entry) for tensor in ("input", "output") for entry in ("shape", "dtype", "scale", "zero_point")),
    *(("certainty", entry) for entry in ("threshold", "coverage", "accuracy")),
]
SHRINK = """
import sys
from pathlib import Path
import numpy as np
from edge.vision.classifier import Classifier
crop = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48)
model, runtime = Path(sys.argv[1]), sys.argv[2]
before = Classifier.load(model, runtime=runtime).classify(crop)
classifier = Classifier.load(model, runtime=runtime)
model.write_bytes(b"")
print("same" if (classifier.classify(crop) == before).all() else "other")
"""


def corrupted(content: bytes) -> st.SearchStrategy[bytes]:
    """Cut off somewhere, or with a few bytes changed."""
    places = st.integers(0, len(content) - 1)
    changes = st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=20, unique_by=lambda one: one[0])
    return places.map(lambda end: content[:end]) | changes.map(lambda some: changed(content, some))


def changed(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    copy = bytearray(content)
    for place, bits in changes:
        copy[place] ^= bits
    return bytes(copy)


def load(model: bytes, manifest: bytes, kind: type[Classifier] | type[GrayNet] = Classifier) -> str:
    """The reason for which the pair is refused, empty where it is taken."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(model)
        path.with_suffix(".json").write_bytes(manifest)
        try:
            kind.load(path)
        except ModelError as error:
            return str(error)
    return ""


def with_value(path: tuple[str, ...], value: Any) -> bytes:
    """The shipped manifest with one entry replaced."""
    content = json.loads(MANIFEST)
    table = content
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    return json.dumps(content).encode()


def test_the_shipped_pair_is_taken() -> None:
    assert load(MODEL, MANIFEST) == ""


@settings(max_examples=100)
@given(st.binary(max_size=5000) | corrupted(MODEL))
def test_any_other_model_is_refused_by_its_sha256(model: bytes) -> None:
    assert "sha256" in load(model, MANIFEST)


@settings(max_examples=300)
@given(st.binary(max_size=500) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_other_file_as_manifest_is_refused(manifest: bytes) -> None:
    assert "not a valid manifest" in load(MODEL, manifest)


@settings(max_examples=150)
@given(corrupted(MANIFEST))
def test_a_corrupted_manifest_is_refused_or_still_fits_the_model(manifest: bytes) -> None:
    if not load(MODEL, manifest):
        assert json.loads(manifest)["sha256"] == hashlib.sha256(MODEL).hexdigest()


@settings(max_examples=200)
@given(st.sampled_from(ENTRIES), JSON)
def test_any_value_under_any_key_is_refused_or_still_fits_the_model(path: tuple[str, ...], value: Any) -> None:
    manifest = with_value(path, value)
    if not load(MODEL, manifest):
        taken = msgspec.json.decode(manifest, type=Manifest)
        assert 0 <= taken.certainty.threshold <= 1
        assert path[0] not in ("task", "labels", "sha256") or manifest == json.dumps(json.loads(MANIFEST)).encode()


@settings(max_examples=150)
@given(st.sampled_from(sorted(json.loads(GRAYNET_MANIFEST))), JSON)
def test_any_value_under_any_key_of_a_detectors_manifest_is_refused_or_still_fits(key: str, value: Any) -> None:
    manifest = json.dumps(json.loads(GRAYNET_MANIFEST) | {key: value}).encode()
    if not load(GRAYNET, manifest, GrayNet):
        taken = msgspec.json.decode(manifest, type=DetectorManifest)
        assert 0 < taken.threshold <= 1
        assert set(taken.outputs) == {"scores", "boxes", "landmarks"}


@settings(max_examples=60)
@given(st.binary(max_size=5000) | corrupted(GRAYNET))
def test_any_other_detector_is_refused_by_its_sha256(model: bytes) -> None:
    assert "sha256" in load(model, GRAYNET_MANIFEST, GrayNet)


def test_models_of_the_other_task_are_refused() -> None:
    assert "not a valid manifest" in load(GRAYNET, GRAYNET_MANIFEST, Classifier)
    assert "not a valid manifest" in load(MODEL, MANIFEST, GrayNet)


@pytest.mark.parametrize("key", ["training", "unknown"])
def test_a_manifest_nested_without_end_is_refused(key: str) -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    assert "not a valid manifest" in load(MODEL, MANIFEST.rstrip()[:-1] + b', "%s": %s}' % (key.encode(), nested))


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_model_stays_what_was_verified_whatever_becomes_of_its_file(runtime: str, model: Path) -> None:
    """In a process of its own: a mapped file that shrinks would end it by SIGBUS."""
    needs(runtime)
    command = [sys.executable, "-c", SHRINK, str(model), runtime]
    done = subprocess.run(command, cwd=PROJECT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "same\n"
