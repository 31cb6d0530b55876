"""The event log: what faces showed, in one SQLite file that survives crashes, full disks and wrong clocks.

Writing: `writer` decides what is written and when, `store` writes it, `schema` says how the file looks, `retention`
deletes what is too old or too much, `sums` adds up hours. Reading: `reader` answers all questions, `sense` and `scan`
keep damaged rows out, `spans` repairs times. Forgetting: `forget`.
"""

from edge.events.writer import EventLog

__all__ = ["EventLog"]
