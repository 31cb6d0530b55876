"""The files that a log consists of: are they still those that were opened, and how to move them aside."""

import itertools
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PARTS = ("", "-wal", "-shm")  # the log, what waits to be taken over into it, and the index of that

logger = logging.getLogger(__name__)

Identity = dict[str, tuple[int, int] | None]
"""by part: which file of the machine it is, whatever its name; None where there is none"""


def part_of(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def identity(path: Path) -> Identity:
    found: Identity = {}
    for suffix in PARTS:
        try:
            status = os.stat(f"{path}{suffix}")  # noqa: PTH116, a new Path at every commit would cost memory
        except FileNotFoundError:
            found[suffix] = None
        else:
            found[suffix] = (status.st_dev, status.st_ino)
    return found


def changed_parts(path: Path, before: Identity) -> list[str]:
    found = identity(path)
    return [part for part, known in before.items() if known and known != found[part]]


def put_away(path: Path, parts: list[str]) -> None:
    """Move foreign files out of the place of these parts of the log: rename them, remove an index or an empty WAL."""
    aside = free_name(path, "foreign")
    for part in parts:
        found = part_of(path, part)
        if found.exists():
            if part == "-wal" and found.stat().st_size:
                found.rename(part_of(aside, part))
            else:
                found.unlink()


def free_name(path: Path, word: str) -> Path:
    """A name beside `path` that says since when and why it is no longer the log, and that nothing has yet."""
    stem = f"{path.name}.{word}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    return next(name for name in _names(path, stem) if not any(part_of(name, part).exists() for part in PARTS))


def _names(path: Path, stem: str) -> Iterator[Path]:
    yield path.with_name(stem)
    for number in itertools.count(2):
        yield path.with_name(f"{stem}-{number}")


def set_aside(path: Path) -> Path:
    """Rename a damaged `path`, its WAL first: a crash between the two then loses neither. Nothing is ever deleted."""
    aside = free_name(path, "damaged")
    for suffix in ("-wal", "-shm", ""):
        part = part_of(path, suffix)
        if part.exists():
            part.rename(part_of(aside, suffix))
    logger.warning(
        "%s is damaged: set aside as %s, a fresh log begins; `sqlite3 FILE .recover` may save rows",
        path,
        aside,
    )
    return aside


def copies_beside(path: Path) -> list[Path]:
    """Logs that were set aside or came from elsewhere; no command of this program changes them."""
    return sorted(path.parent.glob(f"{path.name}.*-*"))
