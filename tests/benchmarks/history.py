"""Time of what a page or a report asks of a year's log, and the sizes of it.

    .venv-edge/bin/python -m tests.benchmarks.history [--rows 30000000] [--folder DIR]

The log is made by the shipped schema, without the daemon: one face in view all the time, another emotion every ten
seconds, another face every five minutes. The hourly sums are those that the writer would have kept.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tqdm import tqdm

from edge.contract import LABELS
from edge.events.connection import connect
from edge.events.counts import bucket_for
from edge.events.episodes import Episode
from edge.events.reader import open_reader
from edge.events.recount import ADD_SUM
from edge.events.rows import hour_of, utc_text
from edge.events.schema import INSERT_OBSERVATION, INSERT_RUN, UPSERT_EPISODE, episode_values, transaction
from edge.gateway.history import history

START = datetime(2025, 1, 1, tzinfo=UTC)
EPISODE_ROWS = 10
FACE_ROWS = 300
PROBABILITIES = (0.05, 0.0, 0.05, 0.8, 0.0, 0.0, 0.1)
BATCH = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=30_000_000, help="of one second each (default: a year, 30000000)")
    parser.add_argument("--folder", type=Path, help="default: the system's for temporary files")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder, "log.db")
        make(path, args.rows)
        print(f"{args.rows} rows, {args.rows / 86400:.0f} days, {path.stat().st_size / 1e6:.0f} MB")
        measure(path, args.rows)


def make(path: Path, count: int) -> None:
    with closing(connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        utc = utc_text(START)
        end_utc = utc_text(START + timedelta(seconds=count))
        database.execute(INSERT_RUN, (utc, end_utc, "benchmark", "model", 1.0, 1, ""))
        for first in tqdm(range(1, count + 1, BATCH), unit_scale=BATCH, unit=" rows", disable=None):
            ids = range(first, min(first + BATCH, count + 1))
            with transaction(database):
                database.executemany(INSERT_OBSERVATION, map(observation, ids))
                database.executemany(UPSERT_EPISODE, map(episode, ids[::EPISODE_ROWS]))
                database.executemany(ADD_SUM, sums(ids))


def emotion(id: int) -> str:
    return LABELS[id // EPISODE_ROWS % len(LABELS)]


def utc_of(id: int) -> str:
    return utc_text(START + timedelta(seconds=id - 1))


def observation(id: int) -> tuple[object, ...]:
    place = (10.0, 20.0, 100.0, 120.0)
    return (id, 1, utc_of(id), id - 1.0, 1 + id // FACE_ROWS, *place, 0.97, emotion(id), 0.8, 1, *PROBABILITIES, None)


def episode(first: int) -> tuple[object, ...]:
    last = first + EPISODE_ROWS - 1
    times = (utc_of(first), utc_of(last), first - 1.0, last - 1.0)
    figures = (EPISODE_ROWS, 0.8 * EPISODE_ROWS, 0.8, EPISODE_ROWS)
    found = Episode(1 + first // EPISODE_ROWS, 1 + first // FACE_ROWS, emotion(first), *times, *figures, first, last)
    return episode_values(found, 1)


def sums(ids: range) -> Iterator[tuple[object, ...]]:
    for id in ids[::EPISODE_ROWS]:
        seconds = float(EPISODE_ROWS)
        yield hour_of(utc_of(id)), 1, emotion(id), seconds, seconds, 1, int(id % FACE_ROWS == 1)


def measure(path: Path, count: int) -> None:
    end = START + timedelta(seconds=count)
    day = end - timedelta(days=1)
    with open_reader(path) as reader:
        times: dict[str, Callable[[], object]] = {
            "sums of it all, by the hour": lambda: reader.sums(),
            "sums of it all, by the day": lambda: reader.sums(bucket="day"),
            "sums of the last day": lambda: reader.sums(day),
            "watched": lambda: reader.watched(bucket="day"),
            "the newest": lambda: reader.latest(),
            "gaps and incidents": lambda: (reader.gaps(), reader.incidents()),
            "the last 100 episodes of a day": lambda: list(reader.episodes(day, limit=100)),
            "all episodes, for their lengths": lambda: reader.visits(),
            "counts of the last day, from rows": lambda: reader.counts(bucket_for(end - day), day),
        }
        times["the page's history of it all"] = lambda: history(path, None, end, ZoneInfo("Europe/Berlin"))
        for name, ask in times.items():
            print(f"{name:36} {seconds_of(ask):8.3f} s")


def seconds_of(ask: Callable[[], object]) -> float:
    start_s = time.process_time()  # another process may hold this one up
    ask()
    return time.process_time() - start_s


if __name__ == "__main__":
    main()
