"""Read the times that people type after --since and --until."""

import argparse
import re
from datetime import UTC, datetime, timedelta

EARLIEST_YEAR, LATEST_YEAR = 1000, 9000  # years on either side are left for zones and corrections
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time, local unless it has an offset, or how long ago: 90s, 30m, 24h, 7d, 2w."""
    try:
        if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
            return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
        found = datetime.fromisoformat(text)
        if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            raise ValueError(f"the year {found.year}")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected a time as in 2026-11-22, 2026-11-22T14:30 or 2026-11-22T13:30Z, "
            "or how long ago: 24h, 7d"
        ) from error
