"""One colour a label, in the report, on the page and in its pictures: told apart by lightness where not by hue."""

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

EMOTION_COLOURS = {
    "happy": "#f2b134",
    "surprise": "#3fb8af",
    "neutral": "#c3c8d0",
    "sad": "#3f6fac",
    "fear": "#7d5ba6",
    "disgust": "#7a9a3a",
    "angry": "#c8443c",
}
OTHER_COLOURS = {"positive": "#e8963a", "negative": "#8f4a6b"}
"""of the recipe `valence`, beside those that it shares with the emotions"""
PALETTE = ("#d9638f", "#5b8ff0", "#9bbf3f", "#a4653a", "#54a06b", "#b58ae0", "#d8c84a", "#3d8a99", "#e07b54", "#7c86a8")
"""of labels that nobody here knows"""
UNKNOWN_COLOUR = "#c3c8d0"
DARK_INK, LIGHT_INK = "#14171c", "#ffffff"
EVEN_LUMINANCE = 0.194  # of a ground on which both inks have the same contrast


class Colours(NamedTuple):
    ground: str
    ink: str
    """to write on the ground"""


def ordered(labels: Iterable[str]) -> list[str]:
    """Pleasant ones first, as charts show them; those that nobody here knows behind, by name."""
    known = ["positive", *EMOTION_COLOURS, "negative"]
    unknown = len(known)
    return sorted(set(labels), key=lambda label: (known.index(label) if label in known else unknown, label))


def colours_of(labels: Iterable[str]) -> dict[str, Colours]:
    """The colours of `labels`, all different, in their order. A name keeps its colour, unless another took it first."""
    free = list(PALETTE)
    found = {}
    for label in ordered(labels):
        ground = EMOTION_COLOURS.get(label) or OTHER_COLOURS.get(label)
        if ground is None:
            free = free or list(PALETTE)
            ground = PALETTE[crc32(label.encode()) % len(PALETTE)]
            ground = ground if ground in free else free[0]
            free.remove(ground)
        found[label] = Colours(ground, ink_on(ground))
    return found


def ink_on(ground: str) -> str:
    """The ink that is read better on `ground`; with each colour here its contrast is 4.5 or more."""
    return DARK_INK if _luminance(ground) > EVEN_LUMINANCE else LIGHT_INK


def _luminance(colour: str) -> float:
    """Relative, as https://www.w3.org/TR/WCAG21/#dfn-relative-luminance has it."""
    total = 0.0
    for place, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        share = int(colour[place : place + 2], 16) / 255
        total += weight * (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4)
    return total
