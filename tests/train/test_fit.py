"""Training on small data: it learns, it can be killed, it never overwrites a run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.synthetic import faces, write_csv
from train.__main__ import main
from train.config import RECIPES, FitConfig, from_recipe, recipes
from train.data.batches import as_input, batches, training_set
from train.data.faces import Fer2013
from train.data.vote_columns import VOTE_COLUMNS
from train.errors import ConfigError, NetworkError, RunError
from train.fit import fit, fit_on, missing_classes
from train.run import checkpoint
from train.run.folder import open_run

PROJECT = Path(__file__).resolve().parents[2]
EPOCHS = 6
RECIPE = f"""
epochs = {EPOCHS}
batch_size = 32  # 84 steps: batch norm's averages need them
[network]  # half the width
stem = 16
widths = [24, 64, 96]
head = 64
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"Training": faces(64, 1), "PublicTest": faces(10, 2)}
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", splits)


@pytest.fixture(scope="module")
def recipe(data: Path) -> Path:
    path = data.with_name("small.toml")
    path.write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def config(recipe: Path, data: Path) -> FitConfig:
    return from_recipe(str(recipe), data=str(data))


@pytest.fixture(scope="module")
def run(config: FitConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "unbroken"
    fit(config, out)
    return out


def accuracy_of_the_model_kept(run: Path) -> float:
    validation = faces(10, 2)
    model = keras.models.load_model(run / "model.keras")
    predicted = model.predict(as_input(validation.images), verbose=0).argmax(axis=1)
    return float((predicted == validation.labels).mean())


def test_it_learns_and_leaves_all_that_a_run_should(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.5  # chance: 0.14
    assert metrics["data"] == {"train": 448, "validation": 70, "dropped_duplicates": 0, "validation_held_out": False}
    assert pd.read_csv(run / "history.csv")["epoch"].tolist() == list(range(EPOCHS))
    assert json.loads((run / "config.json").read_text())["epochs"] == EPOCHS
    for picture in ("curves.png", "confusion.png"):
        assert (run / picture).stat().st_size > 10_000


def test_the_model_kept_is_the_one_that_was_judged(run: Path) -> None:
    assert accuracy_of_the_model_kept(run) == json.loads((run / "metrics.json").read_text())["accuracy"]


def test_a_run_killed_and_resumed_ends_like_an_unbroken_one(
    run: Path, config: FitConfig, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    arguments = ["--recipe", str(recipe), "--data", config.data, "--out", str(out)]
    command = [sys.executable, "-m", "train", "fit", *arguments, "--resume"]  # nothing there yet: it starts
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 300
        while not (out / checkpoint.NAME).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (out / "model.keras").exists()
    fit(config, out, resume=True)
    assert (out / "history.csv").read_text() == (run / "history.csv").read_text()
    unbroken, resumed = (keras.models.load_model(folder / "model.keras").get_weights() for folder in (run, out))
    for one, other in zip(unbroken, resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_jax_trains_a_network_that_tensorflow_runs(recipe: Path, data: Path, tmp_path: Path) -> None:
    arguments = ["--recipe", str(recipe), "--data", str(data), "--out", str(tmp_path)]
    command = [sys.executable, "-m", "train", "fit", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    accuracy = accuracy_of_the_model_kept(tmp_path)
    assert accuracy == json.loads((tmp_path / "metrics.json").read_text())["accuracy"]
    assert accuracy > 0.5


def test_a_run_starts_from_a_trained_network(run: Path, config: FitConfig, tmp_path: Path) -> None:
    trained = json.loads((run / "metrics.json").read_text())["accuracy"]
    further = replace(config, start=str(run / "model.keras"), epochs=1, learning_rate=1e-6)
    metrics = fit(further, tmp_path / "further")
    assert metrics["accuracy"] == pytest.approx(trained, abs=0.1)  # one epoch from nothing: chance
    assert metrics["accuracy"] > 0.5
    with pytest.raises(NetworkError, match=r"model.keras: its weights are not those of this cnn; give the --arch"):
        fit(replace(further, network={}), tmp_path / "wider")
    assert not (tmp_path / "wider" / "checkpoint.npz").exists()


def test_a_run_is_never_overwritten_nor_resumed_with_other_settings(
    run: Path, config: FitConfig, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="add --resume"):
        fit(config, run)
    with pytest.raises(RunError, match=r"epochs \(was 6, now 5, 6 are trained\)"):
        fit(replace(config, epochs=EPOCHS - 1), run, resume=True)
    with pytest.raises(RunError, match=r"seed \(was 1, now 2\)"):
        fit(replace(config, epochs=EPOCHS + 1, seed=2), run, resume=True)
    others = write_csv(tmp_path / "others.csv", {"Training": faces(64, 3), "PublicTest": faces(10, 2)})
    with pytest.raises(RunError, match="other training data"):
        fit(replace(config, data=str(others)), run, resume=True)
    with pytest.raises(RunError, match=r"start \(was '', now 'a.keras'\)"):
        fit(replace(config, start="a.keras"), run, resume=True)
    with pytest.raises(RunError, match="not empty"):
        fit(config, tmp_path)


def test_a_finished_run_goes_on_when_its_epochs_are_raised(run: Path, config: FitConfig, tmp_path: Path) -> None:
    longer = tmp_path / "longer"
    shutil.copytree(run, longer)
    fit(replace(config, epochs=EPOCHS + 1), longer, resume=True)
    history = pd.read_csv(longer / "history.csv")
    assert history["epoch"].tolist() == list(range(EPOCHS + 1))
    pd.testing.assert_frame_equal(history[:EPOCHS], pd.read_csv(run / "history.csv"))
    assert json.loads((longer / "config.json").read_text())["epochs"] == EPOCHS + 1


def test_a_setting_younger_than_a_run_is_its_default(run: Path, config: FitConfig, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(run, older)
    saved = json.loads((older / "config.json").read_text())
    del saved["precision"]
    (older / "config.json").write_text(json.dumps(saved))
    open_run(config, older, resume=True)
    with pytest.raises(RunError, match=r"precision \(was 'auto', now 'float32'\)"):
        (older / "config.json").write_text(json.dumps(saved))
        open_run(replace(config, precision="float32"), older, resume=True)


def test_emotions_without_a_face_are_said_before_training(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    some = faces(4)
    without_disgust = some.take(np.flatnonzero(some.labels != 1))
    held = faces(2, 2)
    data = Fer2013(without_disgust, held.take(np.flatnonzero(held.labels < 5)), faces(0))
    with pytest.raises(ConfigError, match="cnn has no size width"):  # before the first step
        fit_on(data, FitConfig("", network={"width": 1}), tmp_path / "run")
    said = capsys.readouterr().err
    assert "WARNING: no train faces of disgust: the network will never predict it" in said
    assert "WARNING: no validation faces of surprise, neutral: no figure will tell of them" in said


def test_a_trained_network_forgets_what_it_is_shown_no_more_but_for_what_is_mixed_in() -> None:
    some = faces(4)
    data = Fer2013(some.take(np.flatnonzero(some.labels > 1)), faces(2, 2), faces(0))
    before = Fer2013(some.take(np.flatnonzero(some.labels == 0)), faces(2, 2), faces(0))
    assert missing_classes(data, started=True) == ["no train faces of angry, disgust: the network will forget them"]
    remembered = missing_classes(data, started=True, before=before)
    assert remembered == ["no train faces of disgust: the network will forget it"]


def test_a_network_that_cannot_be_built_leaves_its_folder_free(config: FitConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cnn has no size width"):
        fit(replace(config, network={"width": 8}), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"must be even .* found 7"):
        fit(replace(config, network={"widths": [8, 7, 8]}), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"no network 'cnm'; there are cnn, committee, vgg"):
        fit(replace(config, arch="cnm"), tmp_path / "run")


def test_batches_depend_on_seed_and_epoch_alone_and_hold_every_face_once() -> None:
    config = FitConfig("", batch_size=32)
    train = training_set(faces(30), config)
    one, other = (list(batches(train, config, epoch=2)) for _ in range(2))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0][0], next(iter(batches(train, config, epoch=3)))[0])
    assert np.concatenate([targets["emotion"] for _, targets, _ in one]).sum(axis=0).tolist() == [30] * 7


def test_without_augmentation_the_faces_stay_as_they_are() -> None:
    some = faces(8)
    config = FitConfig("", batch_size=32, augmentation="off")
    seen = np.concatenate([images for images, _, _ in batches(training_set(some, config), config, epoch=0)])
    assert {image.tobytes() for image in seen.astype(np.uint8)} == {image.tobytes() for image in some.images}


def test_targets_sum_to_one_and_weights_say_how_much_they_count() -> None:
    """TensorFlow's gradient takes the first for granted: with less the votes' head grew until nothing was learned."""
    some = faces(30)
    votes = np.zeros((len(some), len(VOTE_COLUMNS)), np.uint8)
    votes[::2, :3] = 5  # every second face has votes
    train = training_set(replace(some, votes=votes), FitConfig("", class_weights=True))
    for _, targets, weights in batches(train, FitConfig("", batch_size=30), epoch=0):
        for name, weight in weights.items():
            np.testing.assert_allclose(targets[name].sum(axis=1)[weight > 0], 1, rtol=1e-5)
        np.testing.assert_allclose(weights["emotion"], 1, rtol=1e-5)
        assert weights["votes"].mean() == pytest.approx(0.5, abs=0.25)
        assert (weights["votes"] > 0).any()


def test_workers_share_each_batch_as_one_would_see_it() -> None:
    config = FitConfig("", batch_size=32)
    train = training_set(faces(30), config)
    alone = next(batches(train, config, epoch=1))
    for worker in range(2):
        images, targets, weights = next(batches(train, config, 1, slice(worker, None, 2)))
        np.testing.assert_array_equal(images, alone[0][worker::2])
        np.testing.assert_array_equal(targets["emotion"], alone[1]["emotion"][worker::2])
        np.testing.assert_array_equal(weights["emotion"], alone[2]["emotion"][worker::2])


def test_a_recipe_gives_its_settings_and_the_command_line_overrides_them(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('arch = "vgg"\nepochs = 7\n')
    config = from_recipe(str(tmp_path / "own.toml"), data="faces.csv", epochs=3)
    assert (config.arch, config.epochs, config.data) == ("vgg", 3, "faces.csv")
    (tmp_path / "wrong.toml").write_text("epoch = 7\n")
    with pytest.raises(ConfigError, match="unknown setting epoch"):
        from_recipe(str(tmp_path / "wrong.toml"), data="")
    (tmp_path / "wrong.toml").write_text('optimizer = "adamw"\n')
    with pytest.raises(ConfigError, match=r"wrong.toml: Invalid enum value 'adamw' .*optimizer"):
        from_recipe(str(tmp_path / "wrong.toml"), data="")
    with pytest.raises(ConfigError, match=r"no recipe 'none'; there are .*teacher"):
        from_recipe("none", data="")


@pytest.mark.parametrize(
    "line", ["epochs = 0", "seed = -1", "learning_rate = -0.1", "learning_rate = nan", "soft_share = 2.0"]
)
def test_a_recipes_number_that_cannot_be_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(line + "\n")
    with pytest.raises(ConfigError, match=f"wrong.toml: .*{line.split()[0]}"):
        from_recipe(str(tmp_path / "wrong.toml"), data="")


def test_votes_beside_soft_targets_are_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match=r"--votes with soft targets: soft_targets.npz holds the votes"):
        from_recipe("emotion", data="none.csv", votes="fer2013new.csv")
    from_recipe("teacher", data="none.csv", votes="fer2013new.csv")


def test_the_help_takes_its_defaults_from_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(sys, "argv", ["train", "fit", "--help"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().out
    default = FitConfig("")
    for words in (default.arch, default.epochs, default.seed, default.batch_size, default.optimizer, default.precision):
        assert f"(default: {words})" in said
    assert "(default: 0.1 with sgd, 0.001 with adam; with --start 0.1 of it)" in said


def test_the_learning_rate_is_the_optimizers_usual_one_and_a_tenth_of_it_from_trained_weights() -> None:
    assert FitConfig("").peak_learning_rate == 0.1
    assert FitConfig("", optimizer="adam").peak_learning_rate == 1e-3
    assert FitConfig("", start="model.keras").peak_learning_rate == pytest.approx(0.01)
    assert FitConfig("", start="model.keras", learning_rate=0.05).peak_learning_rate == 0.05


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_can_be_read_and_its_files_are_there(name: str) -> None:
    config = from_recipe(name, data="")
    assert not config.soft_targets or (RECIPES / config.soft_targets).is_file()


@pytest.mark.parametrize(
    ("option", "text", "lowest"), [("--epochs", "0", 1), ("--epochs", "abc", 1), ("--seed", "-1", 0)]
)
def test_a_number_out_of_range_is_refused(option: str, text: str, lowest: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "train", "fit", "--data", "none", "--out", str(tmp_path), option, text]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{option}: expected a whole number from {lowest} to 4294967295, found '{text}'" in done.stderr
