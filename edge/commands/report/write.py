"""Write one self-contained page about the log: time line, shares, hours of the week, visits, gaps.

SQLite counts, pandas brings the counts into local time, plotly draws (edge/requirements-report.txt).
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from edge.errors import SettingsError, UsageError
from edge.events.devices import names_of
from edge.events.reader import open_reader

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements-report.txt"


def report(logs: Sequence[Path], output: Path, since: datetime | None, until: datetime | None) -> dict[Path, str]:
    """Write the page `output` about what happened from `since` to `until`; several logs are kept apart by device.

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
    for log in logs:
        if output.exists() and log.exists() and output.samefile(log):
            raise UsageError(f"{output}: is the event log itself", "give another --output")
    devices = []
    for log, name in zip(logs, names_of(logs), strict=True):
        with open_reader(log) as reader:
            devices.append(page.Device(name, log, tables.read(reader, since, until)))
    problems = {device.log: device.tables.problems for device in devices if device.tables.problems}
    if all(device.tables.counts.empty for device in devices):
        reason = f" ({'; '.join(problems.values())})" if problems else ""
        names = ", ".join(map(str, logs))
        raise UsageError(f"{names}: no face was logged in that time{reason}", "give another --since or --until")
    output.write_text(page.render(devices), encoding="utf-8")
    return problems
