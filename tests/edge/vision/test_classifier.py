import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.contract import LABELS, crop_face
from edge.errors import ModelError
from edge.settings import DEFAULT_MODEL
from edge.vision.classifier import Classifier
from edge.vision.detection import Haar
from edge.vision.runtime import RUNTIMES, quantize
from tests.program import needs

Edit = Callable[..., None]
LSB = 1 / 256  # of the model's output

CERTAINTY = {"threshold": 0.5, "coverage": 0.6, "accuracy": 0.8}


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_the_astronaut_is_happy(runtime: str, demo_frames: list[np.ndarray]) -> None:
    needs(runtime)
    classifier = Classifier.load(DEFAULT_MODEL, runtime=runtime)  # type: ignore[arg-type]
    detector = Haar()
    face = detector.detect(demo_frames[0])[0]
    probabilities = classifier.classify(crop_face(demo_frames[0], face.box_xywh, detector.geometry))
    assert classifier.runtime == runtime
    assert LABELS[probabilities.argmax()] == "happy"


def test_both_runtimes_agree(demo_frames: list[np.ndarray]) -> None:
    for runtime in RUNTIMES:
        needs(runtime)
    one, other = (Classifier.load(DEFAULT_MODEL, runtime=runtime) for runtime in ("litert", "tflite-runtime"))
    detector = Haar()
    for frame in demo_frames:
        x, y, width, height = detector.detect(frame)[0].box_xywh
        for shift in range(-10, 11, 5):
            crop = crop_face(frame, (x + shift, y - shift, width, height), detector.geometry)
            a = one.classify(crop)
            b = other.classify(crop)
            assert np.abs(a - b).max() <= 10 * LSB  # steps in between add up: 200 demo crops gave 1 (median) to 6.7
            assert a.argmax() == b.argmax()


def test_probabilities_are_seven_and_add_up_to_one() -> None:
    probabilities = Classifier.load(DEFAULT_MODEL).classify(np.full((48, 48), 128, np.uint8))
    assert probabilities.shape == (7,)
    assert probabilities.dtype == np.float32
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()


@pytest.mark.parametrize(
    ("value", "scale", "zero_point", "expected"),
    [
        (130.2, 1.0, -128, 2),
        (255, 1.0, -128, 127),
        (300, 1.0, -128, 127),
        (-5, 1.0, -128, -128),
        (0.6, 0.25, 3, 5),
        (2.5, 1.0, 0, 2),
    ],
)
def test_quantize_rounds_and_clips(value: float, scale: float, zero_point: int, expected: int) -> None:
    assert quantize(np.array([value]), scale, zero_point).tolist() == [expected]


def test_every_gray_level_survives_quantization() -> None:
    levels = np.arange(256)
    assert np.array_equal(quantize(levels, 1.0, -128).astype(int) + 128, levels)


def test_a_missing_model_and_a_missing_manifest_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        Classifier.load(tmp_path / "none.tflite")
    model.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match="no readable manifest"):
        Classifier.load(model)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": LABELS[:6]}, r"output.shape does not match: this program needs \[1, 6\]"),
        ({"labels": ["happy"]}, "labels does not match.*two labels or more.*found happy alone"),
        ({"labels": []}, "labels does not match.*found none alone"),
        ({"labels": [*LABELS[:6], "happy"]}, "labels does not match.*found 'happy' twice"),
        ({"labels": [*LABELS[:6], "Überrascht"]}, "labels does not match.*'Überrascht', which is not of 1 to 24"),
        ({"labels": [*LABELS[:6], "a'; --"]}, "labels does not match"),
        ({"labels": [*LABELS[:6], "uncertain"]}, "labels does not match.*another meaning"),
        ({"labels": [*LABELS[:6], "score"]}, "labels does not match.*another meaning"),
        ({"labels": [*LABELS[:6], ""]}, "labels does not match"),
        ({"task": "face-detection"}, "task does not match"),
        ({"sha256": "0" * 64}, "sha256 does not match"),
        ({"input": {"shape": [1, 64, 64, 1], "dtype": "int8", "scale": 1.0, "zero_point": -128}}, "input.shape"),
        ({"input": {"shape": [1, 48, 48, 1], "dtype": "int8", "scale": 0.5, "zero_point": -128}}, "input tensor is"),
        ({"output": {"shape": [1, 7], "dtype": "int8", "scale": 0.00390625, "zero_point": 0}}, "output tensor is"),
        ({"certainty": "very"}, "not a valid manifest"),
        ({"certainty": CERTAINTY | {"thresholds": {"happy": 1.5}}}, "not a valid manifest"),
        ({"certainty": CERTAINTY | {"thresholds": {"hapy": 0.5}}}, r"certainty.thresholds does not match.*hapy"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(model: Path, edit_manifest: Edit, changes: dict, words: str) -> None:
    Classifier.load(model)
    edit_manifest(**changes)
    with pytest.raises(ModelError, match=words):
        Classifier.load(model)


def test_each_emotion_is_certain_from_its_own_score_and_an_older_manifest_has_one_for_all(
    model: Path, edit_manifest: Edit
) -> None:
    edit_manifest(certainty=CERTAINTY)
    older = Classifier.load(model).manifest.certainty
    assert older.is_certain("sad", 0.55) and older.is_certain("happy", 0.55)
    edit_manifest(certainty=CERTAINTY | {"thresholds": {"sad": 0.7}})
    own = Classifier.load(model).manifest.certainty
    assert not own.is_certain("sad", 0.55) and own.is_certain("sad", 0.7)
    assert own.is_certain("happy", 0.55) and not own.is_certain("happy", 0.45)


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b"\xff\xfe", b"[1]"])
def test_a_manifest_that_is_none_is_refused(model: Path, content: bytes) -> None:
    model.with_suffix(".json").write_bytes(content)
    with pytest.raises(ModelError, match="not a valid manifest"):
        Classifier.load(model)


def test_a_text_file_named_tflite_is_refused(model: Path, edit_manifest: Edit) -> None:
    model.write_text("I am a model, believe me.\n")
    edit_manifest(sha256=hashlib.sha256(model.read_bytes()).hexdigest())
    with pytest.raises(ModelError, match="not a model that"):
        Classifier.load(model)


def test_without_any_runtime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in RUNTIMES.values():
        monkeypatch.setitem(sys.modules, module, None)  # its import fails
    with pytest.raises(ModelError, match=r"requirements-edge\.txt"):
        Classifier.load(DEFAULT_MODEL)


def test_auto_takes_tflite_runtime_where_litert_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("tflite-runtime")
    monkeypatch.setitem(sys.modules, RUNTIMES["litert"], None)
    assert Classifier.load(DEFAULT_MODEL).runtime == "tflite-runtime"


def test_a_truncated_model_is_refused_by_its_sha256(model: Path) -> None:
    model.write_bytes(model.read_bytes()[:10_000])
    with pytest.raises(ModelError, match="sha256"):
        Classifier.load(model)
