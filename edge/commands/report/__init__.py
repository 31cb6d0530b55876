"""The log as one page of charts: time line, shares, hours of the week, visits, gaps."""

from edge.commands.report.write import report

__all__ = ["report"]
