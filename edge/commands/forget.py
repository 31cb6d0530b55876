"""Delete a stretch of time from the log, after two questions on the terminal: it never comes back."""

import sys
from datetime import datetime
from pathlib import Path

from edge.errors import UsageError
from edge.events.forget import Forgotten, forget
from edge.events.snapshot import check_there


def run(log: Path, since: datetime | None, until: datetime | None, is_sure: bool) -> int:
    """Forget what the log knows of faces from `since` to `until`; None is from the beginning, and until now.

    Raises UsageError where nobody said that he is sure, LogError.
    """
    check_there(log)
    what = f"all from {since.astimezone():%-d %b %Y, %H:%M}" if since else "all from the beginning"
    what += f" until {until.astimezone():%-d %b %Y, %H:%M}" if until else " until now"
    if not is_sure and not _is_sure(f"{log}: forget {what}, for good?"):
        raise UsageError("nothing was forgotten", "answer yes, or give --yes")
    _tell(log, what, forget(log, since, until, "the command `emotion-edge forget`"))
    return 0


def _is_sure(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return all(input(f"{words} [yes/no] ").strip().lower() == "yes" for words in (question, "Really?"))


def _tell(log: Path, what: str, done: Forgotten) -> None:
    print(f"forgotten: {what}; {done.rows} rows in {log}")
    if not done.overwritten:
        print("somebody reads the log just now; the daemon overwrites the last traces within minutes")
    if done.copies:
        print(f"left alone, remove them yourself: {', '.join(map(str, done.copies))}")
