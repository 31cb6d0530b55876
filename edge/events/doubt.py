"""Ask the log whether the clock may be wrong: rows deleted by age on a wrong day never come back."""

import sqlite3

LEAP_DAYS = 14  # a device that is used once a week is no surprise; one that was off for longer waits a day

# Every time that a run began or was last heard of, repaired by the jumps that came after it.
KNOWN_TIMES = """
SELECT count(*) FROM (
    SELECT julianday(started_utc) + (
        SELECT coalesce(sum(seconds), 0) FROM incidents WHERE run = runs.id
    ) / 86400 AS start, julianday(last_utc) AS last FROM runs
) WHERE start <= julianday(:now) - 1 AND last >= julianday(:now) - :days
"""
GREAT_JUMPS = """
SELECT count(*) FROM incidents
WHERE abs(seconds) > :days * 86400 AND julianday(utc) BETWEEN julianday(:now) - 1 AND julianday(:now)
"""
TOLD = """
SELECT count(*) FROM incidents
WHERE kind = 'deletion_refused' AND julianday(utc) BETWEEN julianday(:now) - 1 AND julianday(:now)
"""


def doubt_of_log(database: sqlite3.Connection, utc: str) -> str:
    """Return why `utc` may be wrong, by what the log knows; empty where nothing speaks against it.

    After a leap of more than `LEAP_DAYS` the clock counts as settled once the log has gone on for a day: a wrong clock
    is noticed by then, and a device that was off for months goes on as before.
    """
    values = {"now": utc, "days": LEAP_DAYS}
    if not database.execute(KNOWN_TIMES, values).fetchone()[0]:
        return f"the clock is more than {LEAP_DAYS} days past the rows before; it counts as right after a day"
    if database.execute(GREAT_JUMPS, values).fetchone()[0]:
        return f"the clock jumped by more than {LEAP_DAYS} days; it counts as right after a day"
    return ""


def is_told(database: sqlite3.Connection, utc: str) -> bool:
    """Whether an incident of the last day says already that a deletion was refused."""
    return bool(database.execute(TOLD, {"now": utc}).fetchone()[0])
