"""Tell the devices of several logs apart, by name."""

import logging
from collections.abc import Sequence
from pathlib import Path

from edge.errors import UsageError
from edge.events.reader import open_reader

logger = logging.getLogger(__name__)


def names_of(logs: Sequence[Path]) -> list[str]:
    """What to call the device of each log: as it says itself, else as its file; with the path where two say the same.

    Raises UsageError where a log is not there or given twice, LogError where one cannot be read.
    """
    said: list[str] = []
    ids: list[str] = []
    for number, log in enumerate(logs):
        with open_reader(log) as reader:
            said.append(reader.device)
            ids.append(reader.log_id)
        for before, other in enumerate(logs[:number]):
            if log.samefile(other):
                raise UsageError(f"{log}: given twice, also as {other}", "give each log once")
            if ids[before] and ids[before] == ids[number]:
                logger.warning("%s and %s began as one log: what both hold counts twice", other, log)
    short = [name or log.name for name, log in zip(said, logs, strict=True)]
    names = []
    for name, log, its_short in zip(said, logs, short, strict=True):
        is_unique = short.count(its_short) == 1
        names.append(its_short if is_unique else f"{name} ({log})" if name else str(log))
    return names
