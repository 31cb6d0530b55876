"""Print what the doctor found, for people or as JSON."""

import json
import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from edge.commands.doctor.findings import Finding

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
                f"-> {finding.remedy}", columns - len(indent), subsequent_indent="   ", break_on_hyphens=False
            )
        stream.write(f"{shown}  {finding.check:{width}}  " + f"\n{indent}".join(lines) + "\n")
    stream.write(f"\n{verdict(findings)}\n")


def verdict(findings: Sequence[Finding]) -> str:
    problems, warnings = ([f for f in findings if f.level == level] for level in ("problem", "warning"))
    counted = [f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for found, name in _named(problems, warnings)]
    if problems:
        return f"{' and '.join(counted)}: fix the problems first."
    return f"{counted[0]}; the daemon can run." if counted else "All is well."


def show_json(findings: Sequence[Finding], stream: TextIO) -> None:
    report = {"exit_code": exit_code(findings), "checks": [asdict(finding) for finding in findings]}
    stream.write(json.dumps(report, indent=1) + "\n")


def _named(problems: list[Finding], warnings: list[Finding]) -> list[tuple[list[Finding], str]]:
    return [(found, name) for found, name in ((problems, "problem"), (warnings, "warning")) if found]
