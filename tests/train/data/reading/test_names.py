"""Every spelling that data sets use, and none that only looks like one."""

from pathlib import Path

import pytest

from edge.contract import LABELS
from train.data.reading.names import emotion, left_behind, split, with_nearest


@pytest.mark.parametrize(
    ("label", "spellings"),
    [
        ("angry", ["angry", "Anger", "0", "0 angry", "0_Anger", "00-angry", "ANGRY", "angry_faces"]),
        ("disgust", ["disgust", "disgusted", "1", "1. disgust"]),
        ("fear", ["fear", "fearful", "2"]),
        ("happy", ["happy", "happiness", "3", "Happy "]),
        ("sad", ["sad", "sadness", "4"]),
        ("surprise", ["surprise", "surprised", "suprise", "5"]),
        ("neutral", ["neutral", "Neutral", "6", "6 neutral"]),
    ],
)
def test_an_emotion_is_known_however_it_is_spelled(label: str, spellings: list[str]) -> None:
    for name in spellings:
        assert emotion(name) == LABELS.index(label), name


@pytest.mark.parametrize(
    ("expected", "spellings"),
    [
        ("train", ["train", "Train", "Training", "training_set", "train-images"]),
        ("validation", ["validation", "valid", "val", "Validation", "PublicTest", "public_test"]),
        ("test", ["test", "Test", "testing", "PrivateTest", "test_data"]),
    ],
)
def test_a_split_is_known_however_it_is_spelled(expected: str, spellings: list[str]) -> None:
    for name in spellings:
        assert split(name) == expected, name


def test_other_names_are_unknown_and_the_nearest_known_one_is_suggested() -> None:
    for name in ("contempt", "7", "images", "happyish", "archive", "dataset", ""):
        assert emotion(name) is None and split(name) is None, name
    assert with_nearest("hapy") == "'hapy' (is it 'happy'?)"
    assert with_nearest("Trainning") == "'Trainning' (is it 'training'?)"
    assert with_nearest("xylophone") == "'xylophone'"


@pytest.mark.parametrize("name", ["._a.png", ".DS_Store", "__MACOSX", ".thumbnails", ".ipynb_checkpoints", "Thumbs.db"])
def test_what_systems_leave_behind_is_no_part_of_a_data_set(name: str) -> None:
    assert left_behind(Path("train/happy", name))
    assert not left_behind(Path("train/happy/macosx.png"))
