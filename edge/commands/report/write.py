"""Write one self-contained page about the log: time line, shares, hours of the week, visits, gaps.

SQLite counts, pandas brings the counts into local time, plotly draws (edge/requirements-report.txt).
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from edge.commands.output import refuse_the_log, write
from edge.errors import SettingsError, UsageError
from edge.events.devices import names_of
from edge.events.reader import open_reader

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements-report.txt"


def report(
    logs: Sequence[Path], output: Path | None, since: datetime | None, until: datetime | None
) -> dict[Path, str]:
    """Write the page `output`, None for standard output, about what happened from `since` to `until`.

    Several logs are kept apart by device.

    Returns by log what could not be read, in one line. Raises SettingsError where pandas or plotly is missing,
    UsageError where nothing was logged in that time, LogError.
    """
    try:
        from edge.commands.report import page, tables
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"the report needs pandas and plotly, found no {error.name}",
            f"{sys.executable} -m pip install -r {REQUIREMENTS}",
        ) from error
    refuse_the_log(output, logs)
    devices = []
    for log, name in zip(logs, names_of(logs), strict=True):
        with open_reader(log) as reader:
            devices.append(page.Device(name, log, tables.read(reader, since, until)))
    problems = {device.log: device.tables.problems for device in devices if device.tables.problems}
    if all(device.tables.counts.empty for device in devices):
        reason = f" ({'; '.join(problems.values())})" if problems else ""
        names = ", ".join(map(str, logs))
        raise UsageError(f"{names}: no face was logged in that time{reason}", "give another --since or --until")
    write(page.render(devices), output)
    return problems
