"""What the folders above a picture say of it: its split and its emotion."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from train.data.reading import names
from train.data.reading.table import USAGES


@dataclass(frozen=True)
class Picture:
    """A file, and what the folders above it say of it."""

    path: Path
    root: tuple[str, ...]
    """the folders above the split's and the emotion's"""
    split: str | None
    label: int | None
    unknown: str
    """the folder that should be named after an emotion and is not; empty where there is none"""


def place(path: Path, folder: Path) -> Picture:
    """Read the names of the folders between `folder` and `path`; of two that would do, the
    nearer one counts.
    """
    above = path.relative_to(folder).parts[:-1]
    split_at = _nearest(above, lambda index: names.split(above[index]) is not None)
    label_at = _nearest(above, lambda index: _is_emotion(above, index))
    # PublicTest_1.jpg says it more exactly than its folder.
    split = USAGES.get(path.name.split("_")[0])
    if split is None and split_at is not None:
        split = names.split(above[split_at])
    label = None
    unknown = ""
    if label_at is not None:
        label = names.emotion(above[label_at])
    elif above and not names.split(above[-1]):
        unknown = above[-1]
    named = [index for index in (split_at, label_at) if index is not None]
    return Picture(path, above[: min(named, default=len(above))], split, label, unknown)


def _nearest(above: tuple[str, ...], fits: Callable[[int], bool]) -> int | None:
    """The last index of `above` that `fits`."""
    for index in reversed(range(len(above))):
        if fits(index):
            return index
    return None


def _is_emotion(above: tuple[str, ...], index: int) -> bool:
    """A number is an emotion only right above the pictures or the splits: happy/3/ may be a
    person.
    """
    is_number = above[index].strip().isdecimal()
    if is_number and not all(map(names.split, above[index + 1 :])):
        return False
    return names.emotion(above[index]) is not None
