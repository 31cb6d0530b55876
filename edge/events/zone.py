"""The device's time zone, in which days and hours are counted."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCAL_ZONE = Path("/etc/localtime")


def local_zone() -> ZoneInfo:
    """The zone of $TZ, else of this machine, with its name where it has one."""
    try:
        return ZoneInfo(os.environ.get("TZ", "").lstrip(":") or str(LOCAL_ZONE.resolve()).partition("zoneinfo/")[2])
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def floor(moment: datetime, bucket: timedelta, zone: ZoneInfo) -> datetime:
    """The start of the bucket of `moment`, as the clock on the wall counts: days begin at midnight."""
    local = moment.astimezone(zone)
    if bucket >= timedelta(days=1):
        midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
        return midnight - timedelta(days=midnight.toordinal() % bucket.days)
    offset = local.utcoffset() or timedelta()
    since_midnight = (local.timestamp() + offset.total_seconds()) % bucket.total_seconds()
    return datetime.fromtimestamp(local.timestamp() - since_midnight, zone)
