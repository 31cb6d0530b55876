"""Training on small data: it learns, it can be killed, it never overwrites a run."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from tests.synthetic import faces, write_csv
from train.architectures import ARCHITECTURES
from train.data import DataError
from train.fit import FitConfig, fit
from train.training import CHECKPOINT, as_input, batches

PROJECT = Path(__file__).resolve().parents[2]
EPOCHS = 5


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"Training": faces(64, 1), "PublicTest": faces(10, 2)}
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", splits)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "unbroken"
    fit(FitConfig(str(data), epochs=EPOCHS), out)
    return out


def test_it_learns_and_leaves_all_that_a_run_should(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.5  # chance: 0.14
    assert metrics["data"] == {"train": 448, "validation": 70, "dropped_twins": 0, "validation_held_out": False}
    assert pd.read_csv(run / "history.csv")["epoch"].tolist() == list(range(EPOCHS))
    assert json.loads((run / "config.json").read_text())["epochs"] == EPOCHS
    for picture in ("curves.png", "confusion.png"):
        assert (run / picture).stat().st_size > 10_000


def test_the_model_kept_is_the_one_that_was_judged(run: Path) -> None:
    validation = faces(10, 2)
    model = keras.models.load_model(run / "model.keras")
    predicted = model.predict(as_input(validation.images), verbose=0).argmax(axis=1)
    assert (predicted == validation.labels).mean() == json.loads((run / "metrics.json").read_text())["accuracy"]


def test_a_run_killed_and_resumed_ends_like_an_unbroken_one(run: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    arguments = ["--data", str(data), "--epochs", str(EPOCHS), "--out", str(out)]
    command = [sys.executable, "-m", "train", "fit", *arguments, "--resume"]  # nothing there yet: it starts
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 300
        while not (out / CHECKPOINT).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (out / "model.keras").exists()
    fit(FitConfig(str(data), epochs=EPOCHS), out, resume=True)
    assert (out / "history.csv").read_text() == (run / "history.csv").read_text()
    unbroken, resumed = (keras.models.load_model(folder / "model.keras").get_weights() for folder in (run, out))
    for one, other in zip(unbroken, resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_is_never_overwritten_nor_resumed_with_other_settings(run: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="add --resume"):
        fit(FitConfig(str(data), epochs=EPOCHS), run)
    with pytest.raises(DataError, match=r"epochs \(was 5, now 6\)"):
        fit(FitConfig(str(data), epochs=EPOCHS + 1), run, resume=True)
    smaller = write_csv(tmp_path / "smaller.csv", {"Training": faces(32, 1), "PublicTest": faces(10, 2)})
    with pytest.raises(DataError, match="another number of training faces"):
        fit(FitConfig(str(smaller), epochs=EPOCHS), run, resume=True)
    with pytest.raises(DataError, match="not empty"):
        fit(FitConfig(str(data), epochs=EPOCHS), tmp_path)


def test_batches_depend_on_seed_and_epoch_alone_and_hold_every_face_once() -> None:
    train, config = faces(30), FitConfig("", batch_size=32)
    one, other = (list(batches(train, config, epoch=2)) for _ in range(2))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0][0], next(iter(batches(train, config, epoch=3)))[0])
    assert np.concatenate([targets for _, targets in one]).sum(axis=0).tolist() == [30] * 7


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_networks_keep_the_budget_and_scale_inside(name: str) -> None:
    model = ARCHITECTURES[name]()
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    macs = sum(int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape)) for layer in convolutions)
    assert macs < 80e6
    assert model.count_params() < 1.2e6
    probabilities = model.predict(as_input(faces(1).images), verbose=0)
    assert probabilities.shape == (7, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert isinstance(model.layers[1], layers.Rescaling)


@pytest.mark.parametrize(
    ("option", "text", "lowest"), [("--epochs", "0", 1), ("--epochs", "abc", 1), ("--seed", "-1", 0)]
)
def test_a_number_out_of_range_is_refused(option: str, text: str, lowest: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train", "fit", "--data", "none", "--out", str(tmp_path), option, text]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{option}: expected a whole number from {lowest}, found '{text}'" in done.stderr
