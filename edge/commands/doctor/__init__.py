"""What keeps the daemon from running, or from running well, and how to mend it."""

import json
import os
import platform
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from edge import __version__
from edge.commands.doctor import storage, system
from edge.commands.doctor.findings import Finding, Machine, ok, problem, problem_of
from edge.errors import EXIT_CONFIG, SettingsError
from edge.settings import Settings, load, log_path

__all__ = ["examine", "exit_code", "show", "show_json"]

COLOURS = {"ok": "32", "warning": "33", "problem": "31"}  # ANSI green, yellow, red


def examine(config: Path | None, machine: Machine | None = None) -> list[Finding]:
    """Look at everything; a check that fails does not end the others."""
    machine = machine or Machine()
    findings = [about(machine)]
    try:
        settings = load(config)
        findings.append(ok("settings", str(config or "built-in")))
    except SettingsError as error:
        settings = Settings()
        findings.append(problem_of("settings", error))
    findings += _with_libraries(settings, machine)
    findings.append(storage.check(log_path(settings)))
    return [
        *findings,
        system.memory(machine),
        system.heat(machine),
        system.clock(machine, datetime.now(UTC)),
        system.service(machine),
    ]


def _with_libraries(settings: Settings, machine: Machine) -> list[Finding]:
    """The checks that import OpenCV and numpy, which a broken environment refuses."""
    try:
        from edge.commands.doctor import camera, model
    except ImportError as error:
        mend = "make the environment again: pip install -r requirements-edge.txt (the headless OpenCV)"
        return [problem("libraries", str(error), mend, EXIT_CONFIG)]
    return [*camera.check(settings.camera, machine), *model.check(settings)]


def about(machine: Machine) -> Finding:
    """Which machine and Python this is; the board's name where the device tree has one."""
    try:
        board = (machine.root / "proc/device-tree/model").read_text().rstrip("\0")
    except OSError:
        board = platform.system()
    return ok("machine", f"{board}, {platform.machine()}, Python {platform.python_version()}, edge {__version__}")


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
        if finding.mend:
            lines += textwrap.wrap(
                f"-> {finding.mend}", columns - len(indent), subsequent_indent="   ", break_on_hyphens=False
            )
        stream.write(f"{shown}  {finding.check:{width}}  " + f"\n{indent}".join(lines) + "\n")
    stream.write(f"\n{verdict(findings)}\n")


def verdict(findings: Sequence[Finding]) -> str:
    problems, warnings = ([f for f in findings if f.level == level] for level in ("problem", "warning"))
    counted = [f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for found, name in _named(problems, warnings)]
    if problems:
        return f"{' and '.join(counted)}: mend the problems first."
    return f"{counted[0]}; the daemon can run." if counted else "All is well."


def show_json(findings: Sequence[Finding], stream: TextIO) -> None:
    report = {"exit_code": exit_code(findings), "checks": [asdict(finding) for finding in findings]}
    stream.write(json.dumps(report, indent=1) + "\n")


def _named(problems: list[Finding], warnings: list[Finding]) -> list[tuple[list[Finding], str]]:
    return [(found, name) for found, name in ((problems, "problem"), (warnings, "warning")) if found]
