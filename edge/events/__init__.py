"""The event log: what faces showed, in one SQLite file that survives crashes, full disks and wrong clocks.

`writer` decides what is written and when, `store` writes it, `schema` says how the file looks.
"""

from edge.events.writer import EventLog

__all__ = ["EventLog"]
