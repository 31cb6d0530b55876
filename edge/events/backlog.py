"""Keep entries in memory until they can be written: up to a limit, beyond which lost ones are counted."""

from collections import deque
from dataclasses import dataclass

from edge.events.rows import Entry, Incident, Observation

CAPACITY = 10_000  # entries, nearly three hours of one face at the default interval, in about 8 MB


@dataclass
class Loss:
    """Observations that never reached the file, and the clock jumps among them."""

    rows: int = 0
    first_utc: str = ""
    last_utc: str = ""
    seconds: float = 0.0

    def add(self, entry: Entry) -> None:
        self.first_utc = self.first_utc or entry.utc
        self.last_utc = entry.utc
        if isinstance(entry, Observation):
            self.rows += 1
        else:
            self.seconds += entry.seconds

    def incident(self) -> Incident:
        details = f"{self.rows} observations could not be written"
        return Incident(
            "rows_lost",
            self.first_utc,
            details,
            self.last_utc,
            round(self.seconds, 3),
            self.rows,
        )


class Backlog:
    """Entries, oldest first. Where it is full, the oldest is dropped: what a face shows now says more."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: deque[Entry] = deque()
        self._loss = Loss()
        self.lost_rows = 0

    def __bool__(self) -> bool:
        return bool(self._entries or self._loss.first_utc)

    @property
    def rows(self) -> int:
        return sum(isinstance(entry, Observation) for entry in self._entries)

    def add(self, entry: Entry) -> None:
        if len(self._entries) == self._capacity:
            self.lose(self._entries.popleft())
        self._entries.append(entry)

    def lose(self, entry: Entry) -> None:
        self._loss.add(entry)
        self.lost_rows += isinstance(entry, Observation)

    def entries(self) -> list[Entry]:
        """All that is to be written, in order, with an incident for what was lost before it."""
        lost = [self._loss.incident()] if self._loss.first_utc else []
        return [*lost, *self._entries]

    def give_up(self) -> None:
        for entry in self._entries:
            self.lose(entry)
        self.clear()

    def clear(self) -> None:
        self._entries.clear()
        self._loss = Loss()
