"""Classes of one's own: read from the command line, and laid over data that is labelled with the seven emotions."""

from pathlib import Path

import numpy as np
import pytest

from edge.contract import LABELS
from tests.synthetic import blank
from train.config import FitConfig, from_recipe
from train.data.batches import training_set
from train.data.classes import SEVEN, parse
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import in_classes
from train.data.soft_targets import load_soft_targets, save_soft_targets
from train.data.vote_columns import VOTE_COLUMNS
from train.errors import ConfigError

MOODS = "happy, calm=neutral, upset=angry+disgust+fear+sad"
ANGRY, DISGUST, FEAR, HAPPY, SAD, SURPRISE, NEUTRAL = range(7)


def test_a_subset_in_any_order_and_merged_ones() -> None:
    assert parse("sad,happy").members == ((SAD,), (HAPPY,))
    moods = parse(MOODS)
    assert moods.names == ("happy", "calm", "upset")
    assert moods.class_of.tolist() == [2, 2, 2, 0, 2, -1, 1]
    assert parse("").names == LABELS and parse("") == SEVEN
    assert parse("joy=happiness,rest=neutral").members == ((HAPPY,), (NEUTRAL,))
    assert parse(",".join(reversed(LABELS))).names == LABELS[::-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("happy", "found happy alone"),
        ("happy,hapy", r"unknown emotion 'hapy' \(is it 'happy'\?\); there are angry"),
        ("happy,", "unknown emotion ''"),
        ("happy,3", "unknown emotion '3'"),
        ("happy,happy", "found 'happy' twice"),
        ("happy,glad=happy", "happy stands in glad in happy too"),
        ("upset=sad+sad,happy", "sad stands in upset twice"),
        ("happy,up set=sad", "'up set', which is not of 1 to 24 small letters"),
        ("happy,Upset=sad", "'Upset', which is not of"),
        ("happy,traurig!=sad", r"'traurig!', which is not of"),
        ("happy,score=sad", "another meaning"),
        ("happy=sad,neutral", "happy is an emotion that this class leaves out"),
        ("happy,=sad", "'', which is not of"),
        ("happy,a=sad=fear", "unknown emotion 'sad=fear'"),
    ],
)
def test_what_cannot_be_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        FitConfig("fer2013.csv", labels=text)


def test_faces_of_no_class_are_left_out_and_votes_are_summed() -> None:
    faces = blank(HAPPY, SURPRISE, ANGRY, NEUTRAL)
    votes = np.zeros((4, len(VOTE_COLUMNS)))
    votes[:, VOTE_COLUMNS.index("anger")] = 3
    votes[:, VOTE_COLUMNS.index("sadness")] = 2
    votes[:, VOTE_COLUMNS.index("contempt")] = 5
    some = Faces(faces.images, faces.labels, votes)
    data = in_classes(Fer2013(some, blank(SURPRISE), blank()), parse(MOODS))
    assert data.train.counts() == {"happy": 1, "calm": 1, "upset": 1}
    assert data.train.labels.tolist() == [0, 2, 1]
    assert data.train.votes is not None and data.train.votes.tolist() == [[0, 0, 5]] * 3
    assert len(data.validation) == 0 and data.validation.names == ("happy", "calm", "upset")


def test_the_seven_emotions_stay_as_they_are() -> None:
    data = Fer2013(blank(0, 1), blank(2), blank(3))
    assert in_classes(data, SEVEN).train is data.train


def test_soft_targets_are_summed_and_add_up_to_one(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    votes = np.zeros((3, len(VOTE_COLUMNS)))
    votes[:, VOTE_COLUMNS.index("fear")] = 4
    faces = Faces(images, np.array([HAPPY, ANGRY, NEUTRAL]), votes)
    teachers = np.float32([
        [0.1, 0.0, 0.1, 0.5, 0.1, 0.2, 0.0],
        [0.4, 0.1, 0.1, 0.0, 0.2, 0.2, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    ])  # fmt: skip
    save_soft_targets(tmp_path / "soft.npz", faces, teachers)
    classes = parse(MOODS)
    told = in_classes(Fer2013(faces, faces, faces), classes).train
    soft, counts = load_soft_targets(tmp_path / "soft.npz", told, classes)
    np.testing.assert_allclose(soft[0], [0.625, 0.0, 0.375], atol=1e-3)
    np.testing.assert_allclose(soft[1], [0.0, 0.0, 1.0], atol=1e-3)
    assert soft[2].tolist() == [0, 1, 0], "of whom the teachers say something else, the label is believed"
    assert counts.tolist() == [[0, 0, 4]] * 3


def test_rare_classes_are_weighed_up_by_their_own_number() -> None:
    faces = in_classes(Fer2013(blank(3, 3, 3, 0), blank(), blank()), parse("happy,upset=angry+sad")).train
    found = training_set(faces, FitConfig("", labels="happy,upset=angry+sad", class_weights=True))
    assert found.targets["emotion"].tolist() == [[1, 0]] * 3 + [[0, 1]]
    assert found.weights["emotion"].tolist() == pytest.approx([2 / 3] * 3 + [2])


def test_a_recipe_holds_its_labels_and_the_command_line_has_the_last_word(tmp_path: Path) -> None:
    recipe = tmp_path / "moods.toml"
    recipe.write_text(f'labels = "{MOODS}"\n')
    assert from_recipe(str(recipe), data="a.csv").classes.names == ("happy", "calm", "upset")
    assert from_recipe(str(recipe), data="a.csv", labels="happy,sad").classes.names == ("happy", "sad")
