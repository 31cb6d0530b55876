"""The log as CSV or JSON lines, for pandas and other programs."""

import csv
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Literal, TextIO

from tqdm import tqdm

from edge.errors import UsageError
from edge.events.reader import ids_between, open_reader, spans
from edge.events.rows import utc_text

Table = Literal["observations", "episodes"]
Format = Literal["csv", "jsonl"]
Row = tuple[object, ...]

EARLIEST, LATEST = "", "~"  # sort before and after every time


def export(
    log: Path,
    output: Path | None,
    table: Table,
    format: Format,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Write the rows of `table` from `since` up to, not including, `until`; `output` None is standard output.

    An episode counts where any of it lies in that time. Raises UsageError or LogError.
    """
    if output and output.exists() and log.exists() and output.samefile(log):
        raise UsageError(f"{output}: is the event log itself; give another --output")
    with open_reader(log) as database:
        select = _observations if table == "observations" else _episodes
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        rows = tqdm(select(database, since, until), unit=" rows", unit_scale=True, disable=None)
        with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as file:
            (write_csv if format == "csv" else write_jsonl)(columns, rows, file)


def write_csv(columns: Sequence[str], rows: Iterable[Row], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def write_jsonl(columns: Sequence[str], rows: Iterable[Row], file: TextIO) -> None:
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        if "certain" in values:
            values["certain"] = bool(values["certain"])
        file.write(json.dumps(values) + "\n")


def _observations(database: sqlite3.Connection, since: datetime | None, until: datetime | None) -> Iterator[Row]:
    query = "SELECT * FROM observations WHERE id BETWEEN ? AND ? AND utc >= ? AND utc < ? ORDER BY id"
    for span in spans(database):
        yield from database.execute(query, (*ids_between(database, span, since, until), *_texts(since, until)))


def _episodes(database: sqlite3.Connection, since: datetime | None, until: datetime | None) -> Iterator[Row]:
    yield from database.execute(
        "SELECT * FROM episodes WHERE end_utc >= ? AND start_utc < ? ORDER BY id", _texts(since, until)
    )


def _texts(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    return utc_text(since) if since else EARLIEST, utc_text(until) if until else LATEST
