"""Times as people type them."""

import argparse
import re
from datetime import UTC, datetime, timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """ISO 8601, local time unless it says otherwise, or a time that long ago, as in 90s, 30m, 24h, 7d, 2w."""
    try:
        if match := re.fullmatch(r"(\d{1,6})([smhdw])", text):
            return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected a time as in 2026-11-22, 2026-11-22T14:30 or 2026-11-22T13:30Z, or how long ago: 24h, 7d"
        ) from error
