"""Write one self-contained page about the log: time line, shares, hours of the week, visits, gaps.

SQLite counts, pandas brings the counts into local time, plotly draws (edge/requirements-report.txt).
"""

import sys
from datetime import datetime
from pathlib import Path

from edge.errors import SettingsError, UsageError
from edge.events.reader import open_reader

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements-report.txt"


def report(log: Path, output: Path, since: datetime | None, until: datetime | None) -> str:
    """Write the page `output` about what happened from `since` to `until`.

    Returns what of the log could not be read, in one line, empty where all was. Raises SettingsError where pandas or
    plotly is missing, UsageError where nothing was logged in that time, LogError.
    """
    try:
        from edge.commands.report import page, tables
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"the report needs pandas and plotly, found no {error.name}",
            f"{sys.executable} -m pip install -r {REQUIREMENTS}",
        ) from error
    if output.exists() and log.exists() and output.samefile(log):
        raise UsageError(f"{output}: is the event log itself", "give another --output")
    with open_reader(log) as reader:
        found = tables.read(reader, since, until)
    if found.counts.empty:
        reason = f" ({found.problems})" if found.problems else ""
        raise UsageError(f"{log}: no face was logged in that time{reason}", "give another --since or --until")
    output.write_text(page.render(found, log), encoding="utf-8")
    return found.problems
