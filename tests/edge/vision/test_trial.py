"""A crafted model whose manifest fits: refused in one line, whatever it does to the runtime."""

import hashlib
import json
import random
import shutil
from pathlib import Path

import pytest

from edge.cameras import DEMO
from edge.errors import ModelError
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL, PROJECT
from edge.vision import trial
from tests.program import TEST_DATA, Program, errors

LITERT = "litert"


def with_manifest(folder: Path, content: bytes, source: Path) -> Path:
    """`content` as a model, with the manifest of `source` that vouches for it."""
    model = folder / source.name
    model.write_bytes(content)
    manifest = json.loads(source.with_suffix(".json").read_text())
    manifest["sha256"] = hashlib.sha256(content).hexdigest()
    model.with_suffix(".json").write_text(json.dumps(manifest))
    return model


def test_the_models_that_come_along_need_no_trial() -> None:
    """Where this fails after a model was replaced: put its new sha256 into `trial.SHIPPED`."""
    found = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (PROJECT / "models").glob("*.tflite")}
    assert found == trial.SHIPPED


@pytest.mark.parametrize("name", ["face-Runtime-1112.tflite", "face-Unicode-856.tflite"])
def test_a_crafted_detector_is_refused_in_one_line(name: str, tmp_path: Path, program: Program) -> None:
    crafted = TEST_DATA / "cases" / "faults" / name
    if not crafted.exists():
        pytest.skip(f"no {crafted}")
    model = with_manifest(tmp_path, crafted.read_bytes(), DEFAULT_GRAYNET)
    (tmp_path / "settings.toml").write_text(f"[detector]\ngraynet_model = '{model}'\n")
    done = program("analyze", DEMO, "--config", "settings.toml")
    assert done.returncode == 78
    assert len(errors(done)) == 1
    assert "not a model that" in errors(done)[0]


@pytest.mark.parametrize("source", [DEFAULT_MODEL, DEFAULT_GRAYNET])
@pytest.mark.parametrize("seed", range(6))
def test_a_model_with_changed_bytes_runs_or_is_refused(source: Path, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    content = bytearray(source.read_bytes())
    for _ in range(30):
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    try:
        trial.try_once(tmp_path / "model.tflite", bytes(content), LITERT)
    except ModelError as error:
        assert "not a model that litert can run" in str(error)
        assert "\n" not in str(error)


def test_a_model_that_passed_is_remembered_by_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(trial, "SHIPPED", frozenset())
    monkeypatch.setattr(trial, "_passed", set())
    for source in (DEFAULT_MODEL, DEFAULT_GRAYNET):
        trial.try_once(source, source.read_bytes(), LITERT)
    assert len((tmp_path / trial.PASSED_FILE).read_text().splitlines()) == 2
    monkeypatch.setattr(trial, "_passed", set())
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")  # a child would fail now
    for source in (DEFAULT_MODEL, DEFAULT_GRAYNET):
        trial.try_once(source, source.read_bytes(), LITERT)
    (tmp_path / trial.PASSED_FILE).write_bytes(b"\xff\xff")
    with pytest.raises(ModelError):
        trial.try_once(DEFAULT_MODEL, DEFAULT_MODEL.read_bytes(), "tflite-runtime")


@pytest.mark.parametrize(("program_text", "words"), [("kill -SEGV $$", "SIGSEGV"), ("exit 3", "status 3")])
def test_a_runtime_that_dies_is_named(
    program_text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = tmp_path / "python"
    dying.write_text(f"#!/bin/sh\n{program_text}\n")
    dying.chmod(0o755)
    monkeypatch.setattr(trial.sys, "executable", str(dying))
    with pytest.raises(ModelError, match=words):
        trial.try_once(tmp_path / "model.tflite", b"not tried before", LITERT)


def test_a_trial_runs_in_an_environment_without_our_path(tmp_path: Path, program: Program) -> None:
    """The child finds `edge` also where the program was started from elsewhere."""
    content = DEFAULT_MODEL.read_bytes() + b"\0"  # another sha256, and it runs
    model = with_manifest(tmp_path, content, DEFAULT_MODEL)
    shutil.copy(DEMO, tmp_path / "demo.mp4")
    (tmp_path / "settings.toml").write_text(f"[classifier]\nmodel = '{model}'\n")
    done = program("benchmark", "--config", "settings.toml", "--seconds", "1", "--source", "demo.mp4")
    assert done.returncode == 0, done.stderr
