"""One box for each face."""

import numpy as np
import pytest

from edge.contract import Box
from edge.vision.detection import Face, lies_on_another
from edge.vision.detection.distinct import distinct

FACE = Face((100.0, 100.0, 200.0, 200.0), 0.95)


@pytest.mark.parametrize(
    "box",
    [(110, 105, 195, 205), (150, 180, 60, 60), (120, 130, 50, 40), (80, 80, 240, 240), (220, 220, 100, 100)],
    ids=["moved onto it", "nose", "eye", "all around it", "a corner, half outside"],
)
def test_what_lies_on_a_better_face_is_the_same_face(box: Box) -> None:
    again = Face(box, 0.7)
    assert distinct([again, FACE]) == [FACE]
    assert lies_on_another(again, [FACE])


@pytest.mark.parametrize("box", [(310, 100, 200, 200), (240, 100, 200, 200), (250, 250, 100, 100)])
def test_neighbours_are_two_faces_though_they_touch(box: Box) -> None:
    other = Face(box, 0.7)
    assert distinct([other, FACE]) == [FACE, other]
    assert not lies_on_another(other, [FACE])


def test_of_equal_scores_the_larger_stays() -> None:
    nose = Face((150.0, 180.0, 60.0, 60.0), 0.95)
    assert distinct([nose, FACE]) == [FACE]


def test_what_was_left_out_leaves_nothing_else_out() -> None:
    """A chain: the second lies on the first, the third on the second alone."""
    chain = [Face((x, 0.0, 100.0, 100.0), score) for x, score in ((0.0, 0.9), (40.0, 0.8), (80.0, 0.7))]
    assert distinct(chain) == [chain[0], chain[2]]


def test_no_face_and_thousands() -> None:
    assert distinct([]) == []
    assert not lies_on_another(FACE, [])
    rng = np.random.default_rng(0)
    many = [Face((x, y, 40.0, 40.0), score) for x, y, score in rng.uniform(0, 1, (2000, 3)) * (600, 400, 1)]
    kept = distinct(many)
    assert 50 < len(kept) < 1000
    assert not any(lies_on_another(face, kept[:number]) for number, face in enumerate(kept))
