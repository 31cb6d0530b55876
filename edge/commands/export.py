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

from edge.commands.output import refuse_the_log
from edge.events.devices import names_of
from edge.events.reader import LogReader, open_reader

Table = Literal["observations", "episodes"]
Format = Literal["csv", "jsonl"]
Row = tuple[object, ...]


def export(
    logs: Sequence[Path],
    output: Path | None,
    table: Table,
    format: Format,
    since: datetime | None,
    until: datetime | None,
) -> dict[Path, str]:
    """Write the rows of `table` from `since` up to, not including, `until`; `output` None is standard output.

    An episode counts where any of it lies in that time. Times are true ones, repaired where the clock jumped. The rows
    of several logs come one log after the other, and begin with the device. Returns by log what could not be read, in
    one line. Raises UsageError or LogError.
    """
    refuse_the_log(output, logs)
    devices = names_of(logs)
    others = other_labels_of(logs) if table == "observations" else ()
    columns = LogReader.observation_columns if table == "observations" else LogReader.episode_columns
    problems: dict[Path, str] = {}
    rows = _rows(logs, devices, table, since, until, others, problems)
    shown = tqdm(rows, unit=" rows", unit_scale=True, disable=None)
    write = write_csv if format == "csv" else write_jsonl
    with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as file:
        write((*columns, *others) if len(logs) == 1 else ("device", *columns, *others), shown, file)
    return problems


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


def other_labels_of(logs: Sequence[Path]) -> Sequence[str]:
    """Labels of any of the logs beside the seven."""
    found: set[str] = set()
    for log in logs:
        with open_reader(log) as reader:
            found |= set(reader.other_labels)
    return sorted(found)


def _rows(
    logs: Sequence[Path],
    devices: Sequence[str],
    table: Table,
    since: datetime | None,
    until: datetime | None,
    others: Sequence[str],
    problems: dict[Path, str],
) -> Iterator[Row]:
    """What could not be read is noted in `problems`."""
    for log, device in zip(logs, devices, strict=True):
        with open_reader(log) as reader:
            episodes = reader.episodes(since, until)
            for row in reader.observations(since, until, others) if table == "observations" else episodes:
                yield row if len(logs) == 1 else (device, *row)
            if words := reader.problems.words():
                problems[log] = words
