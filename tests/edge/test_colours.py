"""Every label has a colour of its own, which it keeps."""

from edge.colours import EMOTION_COLOURS, PALETTE, colours_of, ordered
from edge.contract import LABELS


def test_the_emotions_keep_theirs_beside_others() -> None:
    found = colours_of(["calm", *LABELS, "upset"])
    assert {label: found[label].ground for label in LABELS} == EMOTION_COLOURS
    assert len({colours.ground for colours in found.values()}) == 9


def test_a_label_keeps_its_colour_whoever_else_is_there() -> None:
    alone = colours_of(["calm"])["calm"]
    assert colours_of(["calm", "happy"])["calm"] == colours_of(["zest", "calm"])["calm"] == alone


def test_labels_that_would_share_one_get_different_ones() -> None:
    labels = [f"mood_{number}" for number in range(len(PALETTE))]
    assert len({colours.ground for colours in colours_of(labels).values()}) == len(PALETTE)
    assert len(colours_of([*labels, "one_more"])) == len(PALETTE) + 1


def test_pleasant_ones_come_first_and_unknown_ones_last() -> None:
    assert ordered(["zest", "negative", "angry", "calm", "happy", "positive"]) == [
        "positive", "happy", "angry", "negative", "calm", "zest",
    ]  # fmt: skip
