"""Faces of one's own, learned by a network that keeps what it knew."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import blank, faces, write_csv
from train.config import FitConfig
from train.data.faces import Faces, Fer2013
from train.errors import ConfigError, DataError
from train.fit import fit
from train.remembering import REHEARSED, with_rehearsal, words


def figures(accuracy: float) -> dict[str, float]:
    return {"n": 100, "accuracy": accuracy, "balanced_accuracy": accuracy}


def test_faces_of_before_are_mixed_in_and_the_same_ones_again() -> None:
    own = Fer2013(blank(*[3] * 5), blank(3), blank())
    before = Fer2013(faces(20), faces(5, 1), blank())
    mixed = with_rehearsal(own, before, 1).train
    assert len(mixed) == 5 + REHEARSED * 5 and mixed.labels[:5].tolist() == [3] * 5
    assert np.array_equal(mixed.images, with_rehearsal(own, before, 1).train.images)
    assert not np.array_equal(mixed.images, with_rehearsal(own, before, 2).train.images)
    few = Fer2013(blank(0, 1), blank(), blank())
    assert len(with_rehearsal(own, few, 1).train) == 7
    assert with_rehearsal(own, before, 1).validation is own.validation


def test_what_was_lost_is_told_and_much_of_it_warned_of() -> None:
    assert words("validation", figures(0.68), figures(0.71)) == (
        "validation, before and after: 68.00% -> 71.00% of 100 faces, balanced 68.00% -> 71.00%"
    )
    assert "WARNING" not in words("validation", figures(0.68), figures(0.675))
    assert "WARNING: 3.0% of accuracy are lost, more than 1%" in words("validation", figures(0.68), figures(0.65))


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(ConfigError, match="--remember without --start"):
        FitConfig("mine/", remember="fer2013.csv")
    voted = Faces(blank(3).images, blank(3).labels, np.ones((1, 10)))
    with pytest.raises(DataError, match="--votes with --remember"):
        with_rehearsal(Fer2013(voted, voted, voted), Fer2013(faces(2), faces(2), faces(2)), 1)


def test_a_run_tells_what_it_gained_and_forgot(tmp_path: Path) -> None:
    before = write_csv(tmp_path / "before.csv", {"Training": faces(24, 1), "PublicTest": faces(10, 2)})
    fit(FitConfig(str(before), epochs=3, batch_size=32), tmp_path / "before")
    inverted = faces(8, 3)
    own = write_csv(
        tmp_path / "own.csv", {"Training": Faces(255 - inverted.images, inverted.labels), "PublicTest": faces(4, 4)}
    )
    start = str(tmp_path / "before" / "model.keras")
    config = FitConfig(str(own), start=start, remember=str(before), epochs=1, batch_size=32)
    metrics = fit(config, tmp_path / "mine")
    known = json.loads((tmp_path / "before" / "metrics.json").read_text())
    assert metrics["remembered"]["before"]["accuracy"] == pytest.approx(known["accuracy"])
    assert metrics["remembered"]["after"]["n"] == 70 and metrics["started"]["n"] == 28
    written = json.loads((tmp_path / "mine" / "metrics.json").read_text())
    assert written["remembered"] == metrics["remembered"] and written["temperature"] > 0
