"""Teachers predict only what they did not see, and what they say with the votes is better than either."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import faces, write_csv
from train import teachers
from train.data.faces import Faces
from train.data.soft_targets import image_keys, load_soft_targets
from train.data.vote_columns import LABEL_COLUMNS, VOTE_COLUMNS
from train.errors import RunError
from train.teachers import combine, teach


def votes_for(labels: np.ndarray) -> np.ndarray:
    votes = np.zeros((len(labels), len(VOTE_COLUMNS)), np.uint8)
    votes[np.arange(len(labels)), LABEL_COLUMNS[labels]] = 7
    votes[:, 0] += 3
    return votes


def test_teach_writes_targets_for_every_training_face_and_carries_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teachers, "FOLDS", 2)
    train = faces(24, 1)
    validation = faces(4, 2)
    data = write_csv(tmp_path / "fer2013.csv", {"Training": train, "PublicTest": validation})
    labels = np.concatenate([train.labels, validation.labels])
    table = pd.DataFrame(votes_for(labels), columns=list(VOTE_COLUMNS))
    table.insert(0, "Usage", ["Training"] * len(train) + ["PublicTest"] * len(validation))
    table.to_csv(tmp_path / "votes.csv", index=False)
    recipe = tmp_path / "quick.toml"
    recipe.write_text("epochs = 1\nbatch_size = 32\n[network]\nstem = 8\nwidths = [8, 8, 8]\nhead = 8\n")
    arguments = ([str(recipe)], str(data), str(tmp_path / "votes.csv"), tmp_path / "runs", tmp_path / "soft.npz")
    figures = teach(*arguments)
    assert figures["faces"] == len(train)
    assert figures["targets_accuracy"] > 0.9  # seven votes in ten are the label's
    soft, votes = load_soft_targets(tmp_path / "soft.npz", train)
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=5e-3)
    np.testing.assert_array_equal(votes, votes_for(train.labels))
    fold_of = image_keys(train.images) % 2
    kept = sorted((tmp_path / "runs").glob("*/fold-*/checkpoint.npz"))
    learned = [json.loads((path.parent / "metrics.json").read_text())["data"]["train"] for path in kept]
    assert learned == [int((fold_of != fold).sum()) for fold in range(2)]
    written = [path.stat().st_mtime_ns for path in kept]
    assert teach(*arguments) == figures
    assert [path.stat().st_mtime_ns for path in kept] == written
    recipe.write_text(recipe.read_text().replace("batch_size = 32", "batch_size = 16"))
    with pytest.raises(RunError, match=r"batch_size \(was 32, now 16\)"):
        teach(*arguments)


def test_opinions_and_votes_together_predict_more_than_either() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 7, 2100)
    predicted = np.full((2100, 7), 0.08)
    guesses = np.where(rng.random(2100) < 0.6, labels, rng.integers(0, 7, 2100))
    predicted[np.arange(2100), guesses] = 0.52
    seen = np.where(rng.random(2100) < 0.6, labels, rng.integers(0, 7, 2100))
    together = combine([predicted], Faces(np.zeros((2100, 48, 48), np.uint8), labels, votes_for(seen)))
    log_loss = -np.log(together[np.arange(2100), labels]).mean()
    assert log_loss < -np.log(predicted[np.arange(2100), labels]).mean() - 0.1
    assert (together.argmax(axis=1) == labels).mean() > max((guesses == labels).mean(), (seen == labels).mean())
    assert together.sum(axis=1) == pytest.approx(1)
