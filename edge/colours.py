"""One colour a label, in the report, on the page and in its pictures: told apart by lightness where not by hue."""

EMOTION_COLOURS = {
    "happy": "#f2b134",
    "surprise": "#3fb8af",
    "neutral": "#c3c8d0",
    "sad": "#3f6fac",
    "fear": "#7d5ba6",
    "disgust": "#7a9a3a",
    "angry": "#c8443c",
}
UNKNOWN_COLOUR = "#c3c8d0"
DARK_INK, LIGHT_INK = "#14171c", "#ffffff"
LIGHT_INK_ON = frozenset({"sad", "fear", "angry"})  # each pair of ink and ground reaches a contrast of 4.5
