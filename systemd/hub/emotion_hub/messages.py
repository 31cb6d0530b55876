"""Make a message (../PAYLOADS.md) a row of the table with the same columns (../postgresql/schema.sql)."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import DecodeError, Meta, Struct, convert, json

Row = tuple[str, dict[str, Any]]  # table, values by column
Utc = Annotated[datetime, Meta(tz=True)]


class Sent(Struct):
    sent_utc: Utc | None = None


class End(Sent, kw_only=True):
    type: Literal["end"]
    id: str
    emotion: str
    start_utc: Utc
    end_utc: Utc


def parse(topic: str, payload: bytes, received_utc: datetime) -> Row | None:
    """None where no row is needed; a row of `rejected` where the message cannot be read, now or ever.

    The device is the topic's: that one the broker's access list has checked.
    """
    _, device, kind = topic.split("/")
    arrival = {"device": device, "received_utc": received_utc}
    try:
        if kind == "availability":
            online = {b"online": True, b"offline": False, b"": False}[payload]  # empty: `emotion-edge mqtt forget`
            return "devices", {"name": device, "online": online, "since_utc": received_utc}
        values = json.decode(payload, type=dict[str, Any])
        if kind == "stats":  # QoS 0 waits nowhere: the difference is the clock's
            sent_utc = convert(values, Sent).sent_utc
            ahead_seconds = (sent_utc - received_utc).total_seconds() if sent_utc else None
            return "stats", values | arrival | {"clock_ahead_seconds": ahead_seconds}
        if values.get("type") in ("new", "update"):
            return None
        end = convert(values, End)
        # A message may wait for the hub: of a device's clock, only that it is ahead is certain.
        ahead = max((end.sent_utc or end.end_utc) - received_utc, timedelta(0))
        return "episodes", values | arrival | {"utc": end.start_utc - ahead}
    except (DecodeError, UnicodeDecodeError, KeyError, OverflowError, RecursionError) as error:
        return reject(topic, error, payload, received_utc)


def reject(topic: str, error: Exception, payload: bytes, received_utc: datetime) -> Row:
    """A row of `rejected`. The payload may be anything, so it stands there as Python writes bytes."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    values = {"topic": topic[:300], "reason": reason, "payload": repr(payload[:2000]), "last_utc": received_utc}
    return "rejected", values | {"messages": 1}
