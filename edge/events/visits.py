"""Compute figures of episodes, and of the visits that they make up, in one pass that needs little memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from edge.events.records import EpisodeRow, LengthRow

LOOK_BACK = 20_000  # episodes after which a visit counts as over
PRUNE_EVERY = 50_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One face from its first sight to its last."""

    run: int
    track: int
    start_utc: str
    start_s: float
    end_s: float
    first_episode: int
    last_episode: int

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


@dataclass
class Visits:
    """Add episodes in their order; `intervals` are the runs' seconds between two rows."""

    intervals: Mapping[int, float]
    limit: int
    """visits that are kept: those that lasted longest"""
    faces: int = 0
    _lengths: dict[str, Counter[float]] = field(default_factory=dict)
    _visits: dict[tuple[int, int], Visit] = field(default_factory=dict)

    def add_all(self, episodes: Iterable[EpisodeRow]) -> None:
        for number, row in enumerate(episodes, start=1):
            self._add(row)
            if number % PRUNE_EVERY == 0:
                self._prune(row.id)

    def longest(self) -> list[Visit]:
        return sorted(self._visits.values(), key=lambda visit: -visit.seconds)[: self.limit]

    def lengths(self) -> list[LengthRow]:
        found = []
        for emotion, lengths in self._lengths.items():
            found.append(LengthRow(emotion, lengths.total(), _median(lengths), max(lengths)))
        return found

    def _add(self, row: EpisodeRow) -> None:
        end_s = row.end_s + self.intervals.get(row.run, 1.0)
        self._lengths.setdefault(row.emotion, Counter())[round(end_s - row.start_s, 1)] += 1
        key = (row.run, row.track)
        known = self._visits.get(key)
        if known:
            self._visits[key] = replace(known, end_s=max(known.end_s, end_s), last_episode=row.id)
        else:
            self.faces += 1
            self._visits[key] = Visit(row.run, row.track, row.start_utc, row.start_s, end_s, row.id, row.id)

    def _prune(self, newest: int) -> None:
        kept = {(visit.run, visit.track) for visit in self.longest()}
        self._visits = {
            key: visit for key, visit in self._visits.items() if key in kept or visit.last_episode > newest - LOOK_BACK
        }


def _median(lengths: Counter[float]) -> float:
    """The length of the episode in the middle."""
    before = 0
    for seconds in sorted(lengths):
        before += lengths[seconds]
        if 2 * before >= lengths.total():
            return seconds
    return 0.0
