"""Print what the doctor found, for people or as JSON."""

import json
import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from edge.commands.doctor.findings import Finding, Level

COLOURS = {"ok": "32", "warning": "33", "problem": "31"}  # ANSI green, yellow, red


def exit_code(findings: Sequence[Finding]) -> int:
    """0 when nothing keeps the daemon from running, 78 where a person must act, else 1."""
    return max((finding.exit_code for finding in findings), default=0)


def show(findings: Sequence[Finding], stream: TextIO) -> None:
    """Write a line a check, and under it what to do."""
    coloured = stream.isatty() and "NO_COLOR" not in os.environ
    width = max(len(finding.check) for finding in findings)
    columns = max(60, shutil.get_terminal_size((120, 24)).columns - 1)
    indent = " " * (len("problem") + width + 4)
    for finding in findings:
        level = f"{finding.level:7}"
        shown = f"\033[{COLOURS[finding.level]}m{level}\033[0m" if coloured else level
        lines = textwrap.wrap(finding.found, columns - len(indent), break_on_hyphens=False)
        if finding.remedy:
            lines += textwrap.wrap(
                f"-> {finding.remedy}",
                columns - len(indent),
                subsequent_indent="   ",
                break_on_hyphens=False,
            )
        stream.write(f"{shown}  {finding.check:{width}}  " + f"\n{indent}".join(lines) + "\n")
    stream.write(f"\n{verdict(findings)}\n")


def verdict(findings: Sequence[Finding]) -> str:
    problems = _count(findings, "problem")
    warnings = _count(findings, "warning")
    counted = " and ".join(filter(None, (problems, warnings)))
    if problems:
        return f"{counted}: fix the problems first."
    return f"{counted}; the daemon can run." if counted else "All is well."


def show_json(findings: Sequence[Finding], stream: TextIO) -> None:
    report = {"exit_code": exit_code(findings), "checks": [asdict(finding) for finding in findings]}
    stream.write(json.dumps(report, indent=1) + "\n")


def _count(findings: Sequence[Finding], level: Level) -> str:
    """As in "2 warnings"; empty where there is none."""
    number = sum(finding.level == level for finding in findings)
    return f"{number} {level}{'' if number == 1 else 's'}" if number else ""
