"""Write the log as CSV or JSON lines, for pandas and other programs."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Literal, TextIO

from tqdm import tqdm

from edge.errors import UsageError
from edge.events.reader import LogReader, open_reader

Table = Literal["observations", "episodes"]
Format = Literal["csv", "jsonl"]
Row = tuple[object, ...]


def export(
    log: Path,
    output: Path | None,
    table: Table,
    format: Format,
    since: datetime | None,
    until: datetime | None,
) -> str:
    """Write the rows of `table` from `since` up to, not including, `until`; `output` None is standard output.

    An episode counts where any of it lies in that time. Times are true ones, repaired where the clock jumped. Returns
    what could not be read, in one line, empty where all was. Raises UsageError or LogError.
    """
    if output and output.exists() and log.exists() and output.samefile(log):
        raise UsageError(f"{output}: is the event log itself", "give another --output")
    with open_reader(log) as reader:
        columns, rows = _table(reader, table, since, until)
        shown = tqdm(rows, unit=" rows", unit_scale=True, disable=None)
        write = write_csv if format == "csv" else write_jsonl
        with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as file:
            write(columns, shown, file)
        return reader.problems.words()


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


def _table(
    reader: LogReader, table: Table, since: datetime | None, until: datetime | None
) -> tuple[Sequence[str], Iterator[Row]]:
    if table == "observations":
        return reader.observation_columns, reader.observations(since, until)
    return reader.episode_columns, reader.episodes(since, until)
