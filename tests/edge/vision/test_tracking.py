import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract import Box
from edge.settings import TrackingSettings
from edge.vision.detection import Face
from edge.vision.tracking import Tracker, overlap

SIDES = st.floats(1.0, 2000.0)
PLACES = st.floats(-5000.0, 5000.0)
BOXES = st.tuples(PLACES, PLACES, SIDES, SIDES)


def face(x: float, y: float = 0.0) -> Face:
    return Face((x, y, 100.0, 100.0), 1.0)


def ids(tracker: Tracker, places: list[float], time_s: float, one_look: bool = True) -> list[int]:
    return [track.id for track in tracker.update([face(x) for x in places], time_s, one_look)]


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(TrackingSettings(forget_seconds=1.0))


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
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    assert ids(tracker, [0, 300], 0.0) == [1, 2]
    assert ids(tracker, [310, 10], 0.1) == [2, 1]
    assert ids(tracker, [20, 320, 600], 0.2) == [1, 2, 3]


def test_the_greater_overlap_wins_and_no_track_is_given_twice() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    assert ids(tracker, [0], 0.0) == [1]
    assert ids(tracker, [40, 5], 0.1) == [2, 1]


def test_faces_that_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    for step in range(41):
        one = face(10.0 * step)
        other = face(400 - 10.0 * step, 30.0)
        pair = [one, other] if step % 3 else [other, one]  # a detector keeps no order
        found = {track.face.box_xywh: track.id for track in tracker.update(pair, step / 15, one_look=True)}
        if step == 0:
            first = found[one.box_xywh]
        assert found[one.box_xywh] == first
        assert len(set(found.values())) == 2


def test_a_face_gone_too_long_is_somebody_new() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    assert ids(tracker, [0], 0.0) == [1]
    assert ids(tracker, [], 0.9) == []
    assert ids(tracker, [0], 1.0) == [1]
    assert ids(tracker, [0], 2.1) == [2]


def test_a_face_keeps_its_number_though_frames_are_far_apart() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    assert [ids(tracker, [0], time_s) for time_s in (0.0, 5.0, 10.0, 15.0)] == [[1]] * 4
    assert ids(tracker, [], 20.0) == []
    assert ids(tracker, [0], 25.0) == [2]


def test_after_an_interruption_a_face_is_somebody_new() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    assert [ids(tracker, [0], tenth / 10) for tenth in range(10)] == [[1]] * 10
    assert ids(tracker, [0], 30.0) == [2]


def test_a_face_that_moves_on_is_expected_further_along() -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    for tenth in range(10):
        assert ids(tracker, [40.0 * tenth], tenth / 10) == [1]
    assert ids(tracker, [360.0 + 120], 1.2) == [1]  # 120 px on: no overlap with the last box


def test_a_face_counts_from_its_second_detection_in_a_row(tracker: Tracker) -> None:
    assert ids(tracker, [0], 0.0, one_look=False) == [0]
    assert ids(tracker, [5], 0.1, one_look=False) == [1]
    assert ids(tracker, [300], 0.2, one_look=False) == [0]
    assert ids(tracker, [], 0.3, one_look=False) == []
    assert ids(tracker, [300], 0.4, one_look=False) == [0]  # not in a row


def test_what_was_seen_once_leaves_no_gap_in_the_numbers(tracker: Tracker) -> None:
    found = [ids(tracker, [0, 300 + 150 * step], step / 10, one_look=False) for step in range(5)]
    assert found == [[0, 0]] + [[1, 0]] * 4
    assert ids(tracker, [0, 900], 0.5, one_look=False) == [1, 2]


def test_two_misses_in_a_row_and_a_face_is_gone_but_not_forgotten(tracker: Tracker) -> None:
    [track] = tracker.update([face(0)], 0.0, one_look=True)
    tracker.update([], 0.1)
    assert (track.is_gone, track.is_visible, track.is_unsettled) == (False, True, True)
    tracker.update([], 0.2)
    assert (track.is_gone, track.is_visible, track.is_unsettled) == (True, False, False)
    assert ids(tracker, [0], 0.6, one_look=False) == [1]
    assert not track.is_gone


def test_a_miss_and_then_a_detection_and_a_face_is_as_it_was(tracker: Tracker) -> None:
    [track] = tracker.update([face(0)], 0.0, one_look=True)
    for tenth in range(1, 9):
        tracker.update([face(0)] if tenth % 2 else [], tenth / 10)
        assert not track.is_gone


def test_a_followed_face_in_whose_place_another_is_detected_joins_it(tracker: Tracker) -> None:
    one, other = tracker.update([face(0), face(300)], 0.0, one_look=True)
    other.move(face(10), 0.1)  # its template was found on the first face
    tracker.update([face(0)], 0.1)
    assert one.is_visible
    assert other.is_gone and not other.is_visible
    assert ids(tracker, [0, 310], 0.2, one_look=False) == [1, 0]  # nor is it at once where it was


def test_a_known_face_is_found_before_a_candidate_in_its_place(tracker: Tracker) -> None:
    tracker.update([face(0)], 0.0, one_look=True)
    tracker.update([face(85)], 0.1)  # moved too fast: a candidate
    assert ids(tracker, [60], 0.2, one_look=False) == [1]


def test_a_second_look_at_the_same_frame_does_not_shorten_the_memory(tracker: Tracker) -> None:
    for time_s in (0.0, 5.0, 10.0, 15.0):
        assert ids(tracker, [0], time_s) == [1]
        assert ids(tracker, [0], time_s) == [1]


@given(BOXES, BOXES)
def test_overlap_is_a_share_and_has_no_direction(a: Box, b: Box) -> None:
    share = overlap(a, b)
    assert 0 <= share <= 1 + 1e-6
    assert share == pytest.approx(overlap(b, a), abs=1e-9)
    assert overlap(a, a) == pytest.approx(1, abs=1e-6)


@given(st.lists(st.tuples(st.lists(BOXES, max_size=6), st.floats(0.0, 10.0)), max_size=12))
def test_whatever_comes_every_face_gets_one_number_and_none_is_given_twice(
    frames: list[tuple[list[Box], float]],
) -> None:
    tracker = Tracker(TrackingSettings(forget_seconds=1.0))
    time_s = 0.0
    newest = 0
    for boxes, elapsed_s in frames:
        time_s += elapsed_s
        known = {track.id for track in tracker.tracks}
        tracks = tracker.update([Face(box, 1.0) for box in boxes], time_s, one_look=True)
        numbers = [track.id for track in tracks]
        assert [track.face.box_xywh for track in tracks] == boxes
        assert len(set(numbers)) == len(numbers)
        assert all(number in known or number > newest for number in numbers)
        newest = max([newest, *numbers])
        assert len(tracker.tracks) <= sum(len(boxes) for boxes, _ in frames)
        assert all(math.isfinite(value) for track in tracks for value in track.predict(time_s + 0.1))
