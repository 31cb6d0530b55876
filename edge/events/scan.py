"""Read tables of a log that may be damaged: what makes sense comes out, what does not is counted."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge.events.damage import is_damage

LAST_ID = 2**62

Row = tuple[Any, ...]


@dataclass
class Problems:
    """What of the log could not be read."""

    rows: int = 0
    """that make no sense"""
    damage: str = ""
    """what SQLite said of the first piece that it could not read at all"""

    def note(self, error: sqlite3.DatabaseError) -> None:
        """Raises what is no damage of the file."""
        if not is_damage(error):
            raise error
        self.damage = self.damage or str(error)

    def words(self) -> str:
        """One line, empty where all was read."""
        parts = []
        if self.rows:
            parts.append(f"{self.rows} rows make no sense and are left out")
        if self.damage:
            parts.append(f"a part cannot be read ({self.damage})")
        return "; ".join(parts)


class Scanner:
    """Walks through a table in the order of its ids."""

    def __init__(self, database: sqlite3.Connection, problems: Problems) -> None:
        self.database = database
        self.problems = problems

    def rows(self, query: str, first: int, last: int, **values: object) -> Iterator[Row]:
        """Rows of `query`, which gives an id, whether the row makes sense, and values from :first to :last.

        Returns the values. Behind what cannot be read the search goes on in growing steps.
        """
        position = first
        step = 1
        while position <= last:
            try:
                for id, makes_sense, *found in self.database.execute(query, values | {"first": position, "last": last}):
                    if id < position:  # in a sound file ids rise
                        self.problems.rows += 1
                        continue
                    position = id + 1
                    step = 1
                    if makes_sense:
                        yield tuple(found)
                    else:
                        self.problems.rows += 1
            except sqlite3.DatabaseError as error:
                self.problems.note(error)
            position += step
            step *= 2

    def table(self, name: str, columns: str, condition: str) -> Iterator[Row]:
        """All rows of a small table that make sense."""
        query = f"SELECT id, {condition}, {columns} FROM {name} WHERE id BETWEEN :first AND :last ORDER BY id"
        yield from self.rows(query, 1, LAST_ID)
