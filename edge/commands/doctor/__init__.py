"""What keeps the daemon from running, or from running well, and how to fix it."""

from edge.commands.doctor.examination import examine
from edge.commands.doctor.output import exit_code, show, show_json

__all__ = ["examine", "exit_code", "show", "show_json"]
