"""Soft targets find their faces by the pixels, and are refused for other faces."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import faces
from train.config import FitConfig
from train.data.batches import training_set
from train.data.faces import Faces
from train.data.soft_targets import load_soft_targets, one_hot, save_soft_targets
from train.errors import DataError


@pytest.fixture
def taught() -> tuple[Faces, np.ndarray]:
    train = faces(20, 1)
    rng = np.random.default_rng(0)
    train = replace(train, votes=rng.integers(1, 5, (len(train), 10)).astype(np.uint8))
    return train, rng.dirichlet(np.ones(7), len(train))


def test_they_are_found_again_in_another_order(taught: tuple[Faces, np.ndarray], tmp_path: Path) -> None:
    train, probabilities = taught
    save_soft_targets(tmp_path / "soft.npz", train, probabilities)
    order = np.random.default_rng(1).permutation(len(train))
    soft, votes = load_soft_targets(tmp_path / "soft.npz", train.take(order))
    np.testing.assert_allclose(soft, probabilities[order], atol=1e-3)
    np.testing.assert_array_equal(votes, train.votes[order])


def test_a_face_that_was_not_taught_keeps_its_label_and_has_no_say_in_the_votes(
    taught: tuple[Faces, np.ndarray], tmp_path: Path
) -> None:
    train, probabilities = taught
    save_soft_targets(tmp_path / "soft.npz", train.take(np.arange(1, 140)), probabilities[1:])
    config = FitConfig("", soft_targets=str(tmp_path / "soft.npz"), soft_share=0.75)
    prepared = training_set(replace(train, votes=None), config)
    np.testing.assert_array_equal(prepared.targets["emotion"][0], one_hot(train.labels[:1])[0])
    mixed = 0.75 * probabilities[1] + 0.25 * one_hot(train.labels[1:2])[0]
    np.testing.assert_allclose(prepared.targets["emotion"][1], mixed, atol=1e-3)
    assert prepared.weights["votes"].tolist() == [0.0] + [1.0] * 139


def test_they_are_refused_for_other_faces(taught: tuple[Faces, np.ndarray], tmp_path: Path) -> None:
    save_soft_targets(tmp_path / "soft.npz", *taught)
    with pytest.raises(DataError, match=r"covers 0\.0% of the training faces"):
        load_soft_targets(tmp_path / "soft.npz", faces(20, 2))
    whole = (tmp_path / "soft.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("missing.npz", "cut.npz", "empty.npz", "array.npy"):
        with pytest.raises(DataError, match="train teach"):
            load_soft_targets(tmp_path / name, faces(1))


def test_class_weights_make_every_class_count_the_same() -> None:
    train = faces(10).take(np.r_[0:10, 10:13, 20:70])
    weights = training_set(train, FitConfig("", class_weights=True)).weights["emotion"]
    sums = np.bincount(train.labels, weights=weights, minlength=7)
    np.testing.assert_allclose(sums[sums > 0], len(train) / 7, rtol=1e-5)
