"""How data sets spell the emotions and the splits, and which files are no part of a data set."""

import re
from difflib import get_close_matches
from pathlib import Path

from edge.contract import LABELS

EMOTIONS = {
    "angry": ("angry", "anger"),
    "disgust": ("disgust", "disgusted"),
    "fear": ("fear", "fearful", "afraid", "scared"),
    "happy": ("happy", "happiness", "joy"),
    "sad": ("sad", "sadness"),
    # FER+ itself misspells it in places.
    "surprise": ("surprise", "surprised", "suprise", "suprised"),
    "neutral": ("neutral", "neutrality"),
}
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "publictest"),
    "test": ("test", "testing", "privatetest"),
}
ENDINGS = re.compile("(sets?|data|images?|faces?|pictures?|split)$")  # train_set, angry faces
LABEL_OF = {word: LABELS.index(label) for label, words in EMOTIONS.items() for word in words}
SPLIT_OF = {word: split for split, words in SPLITS.items() for word in words}
# By macOS and Windows; names with a dot in front count too.
LEFT_BEHIND = ("__macosx", "thumbs.db", "desktop.ini")


def emotion(name: str) -> int | None:
    """The label that a folder's name stands for: `Happy`, `anger`, `3`, `0 angry`; None for
    another name.
    """
    if name.strip() in map(str, range(len(LABELS))):
        return int(name)
    return LABEL_OF.get(_letters(name))


def split(name: str) -> str | None:
    """The split that a folder's name stands for: `Training`, `valid`, `PublicTest`; None for
    another name.
    """
    return SPLIT_OF.get(_letters(name))


def with_nearest(name: str) -> str:
    """The unknown `name`, and the known one that it resembles."""
    near = get_close_matches(_letters(name), [*LABEL_OF, *SPLIT_OF], 1)
    return f"{name!r} (is it {near[0]!r}?)" if near else repr(name)


def left_behind(path: Path) -> bool:
    """Whether a system or a program left `path` there: `._a.png`, `.DS_Store`, `__MACOSX`,
    `.ipynb_checkpoints`.
    """
    return path.name.startswith(".") or path.name.lower() in LEFT_BEHIND


def _letters(name: str) -> str:
    return ENDINGS.sub("", re.sub(r"[\W\d_]+", "", name.lower()))
