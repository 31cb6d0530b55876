"""Trained networks put together answer with the mean of their logits."""

from pathlib import Path

import keras
import numpy as np
import pytest

from train.__main__ import main
from train.config import FitConfig, from_recipe
from train.errors import ConfigError, NetworkError
from train.network.architectures import build, load_weights
from train.network.assembled import assemble
from train.network.export import deployable

SMALL = {"widths": [4, 6, 8], "depths": [1, 1, 1], "stem": 4, "head": 6}
OLDER = {"widths": [4, 6, 8], "depths": [1, 1, 1], "stem": 4, "head": 0, "mirrored": False}
CONFIG = FitConfig(data="", arch="committee", network={"members": [SMALL, SMALL, OLDER]})


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Networks that answer differently, kept as training keeps them."""
    folder = tmp_path_factory.mktemp("members")
    paths = []
    for seed, sizes in enumerate((SMALL, SMALL, OLDER)):
        keras.utils.set_random_seed(seed)
        chance = np.random.default_rng(seed)
        model = build("cnn", **sizes)
        model.set_weights([chance.uniform(0.1, 1.0, weight.shape) for weight in model.weights])
        paths.append(folder / f"{seed}.keras")
        deployable(model).save(paths[-1])
    return paths


def test_the_mean_of_the_logits_decides(members: list[Path]) -> None:
    faces = np.random.default_rng(7).uniform(0, 255, (5, 48, 48, 1)).astype(np.float32)
    answers = [keras.models.load_model(path).predict(faces, verbose=0) for path in members]
    assert not np.allclose(answers[0], answers[1], atol=1e-3)
    logs = np.mean(np.log(answers), axis=0)
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    found = assemble(CONFIG, members).predict(faces, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_training_starts_from_it(members: list[Path], tmp_path: Path) -> None:
    assembled = assemble(CONFIG, members)
    assembled.save(tmp_path / "large.keras")
    model = build(CONFIG.arch, **CONFIG.network)
    load_weights(model, tmp_path / "large.keras")
    for one, other in zip(model.get_weights(), assembled.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_members_are_as_many_as_the_recipe_has(members: list[Path]) -> None:
    with pytest.raises(ConfigError, match="3 members, 2 files"):
        assemble(CONFIG, members[:2])


def test_a_member_of_another_size_is_refused(members: list[Path]) -> None:
    with pytest.raises(NetworkError, match="not those of this member"):
        assemble(CONFIG, members[::-1])


def test_only_a_committee_is_assembled(members: list[Path]) -> None:
    with pytest.raises(ConfigError, match="expected the recipe of a committee, found arch 'cnn'"):
        assemble(FitConfig(data="", network=SMALL), members)


def test_a_members_unknown_size_is_named() -> None:
    with pytest.raises(ConfigError, match="no size depth"):
        build("committee", members=[{"depth": 3}])


def test_the_command_refuses_a_recipe_without_members(
    members: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.keras"
    monkeypatch.setattr("sys.argv", ["train", "assemble", str(members[0]), "--recipe", "emotion", "--out", str(out)])
    assert main() == 2
    assert "recipe of a committee" in capsys.readouterr().err
    assert not out.exists()


def test_the_recipe_large_names_three_members() -> None:
    assert len(from_recipe("large", data="").network["members"]) == 3
