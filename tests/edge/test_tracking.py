import math

import numpy as np
import pytest

from edge.contract import Box
from edge.tracking import Sighting, Tracker, overlap

SURE = np.array([0, 0, 0, 1, 0, 0, 0], np.float32)


def sighting(x: float, happy: float = 1.0) -> Sighting:
    return Sighting((x, 0.0, 100.0, 100.0), np.array([0, 0, 0, happy, 0, 0, 1 - happy], np.float32))


def ids(tracker: Tracker, places: list[float], time_s: float) -> list[int]:
    return [track.id for track in tracker.update([sighting(x) for x in places], time_s)]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),
    ],
)
def test_overlap(a: Box, b: Box, expected: float) -> None:
    assert overlap(a, b) == pytest.approx(expected)


def test_faces_keep_their_numbers_whatever_their_order() -> None:
    tracker = Tracker(0.5, 1.0)
    assert ids(tracker, [0, 300], 0.0) == [1, 2]
    assert ids(tracker, [310, 10], 0.1) == [2, 1]
    assert ids(tracker, [20, 320, 600], 0.2) == [1, 2, 3]


def test_the_greater_overlap_wins_and_no_track_is_given_twice() -> None:
    tracker = Tracker(0.5, 1.0)
    assert ids(tracker, [0], 0.0) == [1]
    assert ids(tracker, [40, 5], 0.1) == [2, 1]


def test_faces_that_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker(0.5, 1.0)
    for step in range(41):
        one, other = (
            Sighting((10.0 * step, 0.0, 100.0, 100.0), SURE),
            Sighting((400 - 10.0 * step, 30.0, 100.0, 100.0), SURE),
        )
        pair = [one, other] if step % 3 else [other, one]  # a detector keeps no order
        found = {track.box_xywh: track.id for track in tracker.update(pair, step / 15)}
        if step == 0:
            first = found[one.box_xywh]
        assert found[one.box_xywh] == first
        assert len(set(found.values())) == 2


def test_a_face_gone_too_long_is_somebody_new() -> None:
    tracker = Tracker(0.5, 1.0)
    assert ids(tracker, [0], 0.0) == [1]
    assert ids(tracker, [], 0.9) == []
    assert ids(tracker, [0], 1.0) == [1]
    assert ids(tracker, [0], 2.1) == [2]


def test_smoothing_is_a_first_order_filter_in_seconds() -> None:
    tracker = Tracker(0.5, 10.0)
    tracker.update([sighting(0, happy=1.0)], 0.0)
    track = tracker.update([sighting(0, happy=0.0)], 0.25)[0]
    assert track.probabilities[3] == pytest.approx(math.exp(-0.5), rel=1e-5)
    assert track.probabilities.sum() == pytest.approx(1)


def test_no_smoothing_takes_the_newest() -> None:
    tracker = Tracker(0.0, 10.0)
    tracker.update([sighting(0, happy=1.0)], 0.0)
    assert tracker.update([sighting(0, happy=0.25)], 0.1)[0].probabilities[3] == 0.25
