"""The classes that a network tells apart: the seven emotions, some of them, or several as one.

As in `happy,sad,neutral`, in any order, or `happy,calm=neutral,upset=angry+disgust+fear+sad`; emotions that are not
named are left out.
"""

from dataclasses import dataclass

import numpy as np

from edge.contract import LABELS, label_fault
from train.data.reading.names import emotion, with_nearest
from train.errors import ConfigError

EXAMPLE = "write happy,sad,neutral or happy,calm=neutral,upset=angry+sad"


@dataclass(frozen=True)
class Classes:
    names: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    """of each class the emotions, index into `LABELS`"""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def class_of(self) -> np.ndarray:
        """(7,) int: the class of each emotion, -1 for one that is left out."""
        found = np.full(len(LABELS), -1)
        for number, emotions in enumerate(self.members):
            found[list(emotions)] = number
        return found

    def summed(self, shares: np.ndarray) -> np.ndarray:
        """`shares` (N, 7) of the emotions as (N, K) of the classes."""
        return np.stack(
            [shares[:, list(emotions)].sum(axis=1) for emotions in self.members], axis=1
        )

    def merged(self, shares: np.ndarray) -> np.ndarray:
        """The same, adding up to 1 again; all zero where only emotions that are left out have a share."""
        summed = self.summed(shares)
        total = summed.sum(axis=1, keepdims=True)
        return summed / np.where(total > 0, total, 1)


SEVEN = Classes(LABELS, tuple((index,) for index in range(len(LABELS))))


def parse(text: str) -> Classes:
    """Read `--labels`; empty: the seven emotions. Raises ConfigError with what is wrong."""
    if not text.strip():
        return SEVEN
    names = []
    members = []
    for part in text.split(","):
        name, _, listed = part.partition("=")
        names.append(name.strip())
        members.append(tuple(_emotion(word.strip(), text) for word in (listed or name).split("+")))
    if fault := label_fault(names):
        raise ConfigError(f"--labels {text}: found {fault}", EXAMPLE)
    _refuse_shared(names, members, text)
    return Classes(tuple(names), tuple(members))


def _emotion(word: str, text: str) -> int:
    index = None if word.isdigit() else emotion(word)
    if index is None:
        raise ConfigError(
            f"--labels {text}: unknown emotion {with_nearest(word)}",
            f"there are {', '.join(LABELS)}",
        )
    return index


def _refuse_shared(names: list[str], members: list[tuple[int, ...]], text: str) -> None:
    """An emotion that stands twice, or that gives its name to others."""
    taken: dict[int, str] = {}
    for name, emotions in zip(names, members, strict=True):
        for index in emotions:
            if index in taken:
                both = "twice" if taken[index] == name else f"in {taken[index]} too"
                raise ConfigError(
                    f"--labels {text}: {LABELS[index]} stands in {name} {both}", "leave one out"
                )
            taken[index] = name
        if name in LABELS and LABELS.index(name) not in emotions:
            raise ConfigError(
                f"--labels {text}: {name} is an emotion that this class leaves out",
                "give it another name",
            )
