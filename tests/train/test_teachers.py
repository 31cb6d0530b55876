"""Teachers judge only what they did not see, and what they say with the votes is better than either."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.synthetic import faces, write_csv
from train.__main__ import main
from train.data import DataError, Faces
from train.targets import image_keys, load_soft_targets, save_soft_targets
from train.teachers import FOLDS, fuse, refine, teach
from train.votes import LABEL_COLUMNS, VOTE_COLUMNS


def votes_for(labels: np.ndarray) -> np.ndarray:
    votes = np.zeros((len(labels), len(VOTE_COLUMNS)), np.uint8)
    votes[np.arange(len(labels)), LABEL_COLUMNS[labels]] = 7
    votes[:, 0] += 3
    return votes


def test_teach_writes_targets_for_every_training_face_and_carries_on(tmp_path: Path) -> None:
    train, validation = faces(24, 1), faces(4, 2)
    data = write_csv(tmp_path / "fer2013.csv", {"Training": train, "PublicTest": validation})
    labels = np.concatenate([train.labels, validation.labels])
    table = pd.DataFrame(votes_for(labels), columns=list(VOTE_COLUMNS))
    table.insert(0, "Usage", ["Training"] * len(train) + ["PublicTest"] * len(validation))
    table.to_csv(tmp_path / "votes.csv", index=False)
    recipe = tmp_path / "quick.toml"
    recipe.write_text('arch = "mini_xception"\nepochs = 1\nbatch_size = 32\nprecision = "float32"\n')
    arguments = ([str(recipe)], str(data), str(tmp_path / "votes.csv"), tmp_path / "runs", tmp_path / "soft.npz")
    figures = teach(*arguments)
    assert figures["faces"] == len(train)
    assert figures["targets_accuracy"] > 0.9  # seven votes in ten are the label's
    soft, votes = load_soft_targets(tmp_path / "soft.npz", train)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=5e-3)
    np.testing.assert_array_equal(votes, votes_for(train.labels))
    fold_of = image_keys(train.images) % FOLDS
    kept = sorted((tmp_path / "runs").glob("*/fold-*/opinion.npy"))
    assert [len(np.load(path)) for path in kept] == [int((fold_of == fold).sum()) for fold in range(FOLDS)]
    written = [path.stat().st_mtime_ns for path in kept]
    assert teach(*arguments) == figures
    assert [path.stat().st_mtime_ns for path in kept] == written


def test_opinions_and_votes_together_foretell_more_than_either() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 7, 2100)
    opinion = np.full((2100, 7), 0.08)
    guesses = np.where(rng.random(2100) < 0.6, labels, rng.integers(0, 7, 2100))
    opinion[np.arange(2100), guesses] = 0.52
    seen = np.where(rng.random(2100) < 0.6, labels, rng.integers(0, 7, 2100))
    together = fuse([opinion], Faces(np.zeros((2100, 48, 48), np.uint8), labels, votes_for(seen)))
    log_loss = -np.log(together[np.arange(2100), labels]).mean()
    assert log_loss < -np.log(opinion[np.arange(2100), labels]).mean() - 0.1
    assert (together.argmax(axis=1) == labels).mean() > max((guesses == labels).mean(), (seen == labels).mean())
    assert together.sum(axis=1) == pytest.approx(1)


def save_teacher(path: Path, answer: int, outputs: int = 7) -> str:
    """A network that says the same of every face, and is quite sure."""
    head = keras.layers.Dense(outputs, "softmax", kernel_initializer="zeros", bias_initializer="zeros")
    network = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), head])
    head.bias.assign(10.0 * np.eye(outputs)[answer])
    network.save(path)
    return str(path)


def test_refined_targets_are_half_the_trained_networks_opinion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = faces(6, 1)
    data = write_csv(tmp_path / "fer2013.csv", {"Training": train, "PublicTest": faces(4, 2)})
    before = np.random.default_rng(0).dirichlet(np.ones(7), len(train))
    voted = replace(train, votes=votes_for(train.labels))
    save_soft_targets(tmp_path / "soft.npz", voted, before)
    teachers = [save_teacher(tmp_path / "one.keras", 1), save_teacher(tmp_path / "other.keras", 4)]
    files = ["--data", str(data), "--targets", str(tmp_path / "soft.npz"), "--out", str(tmp_path / "refined.npz")]
    monkeypatch.setattr("sys.argv", ["train", "refine", *files, "--teachers", *teachers])
    assert main() == 0
    soft, votes = load_soft_targets(tmp_path / "refined.npz", train)
    np.testing.assert_allclose(soft, before / 2 + np.eye(7)[1] / 4 + np.eye(7)[4] / 4, atol=2e-3)
    np.testing.assert_array_equal(votes, voted.votes)
    assert f'"labels_agree_with_before": {(before.argmax(axis=1) == train.labels).mean()}' in capsys.readouterr().out


def test_what_is_no_teacher_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "fer2013.csv", {"Training": faces(2, 1), "PublicTest": faces(1, 2)})
    save_soft_targets(
        tmp_path / "soft.npz", replace(faces(2, 1), votes=votes_for(faces(2, 1).labels)), np.ones((14, 7))
    )
    arguments = (str(data), tmp_path / "soft.npz", tmp_path / "refined.npz")
    with pytest.raises(DataError, match=r"fer2013.csv: not a Keras model .*train one with"):
        refine([str(data)], *arguments)
    with pytest.raises(DataError, match=r"gives \(3,\); expected \(48, 48, 1\) and \(7,\)"):
        refine([save_teacher(tmp_path / "three.keras", 0, 3)], *arguments)
    assert not (tmp_path / "refined.npz").exists()
