"""Run all checks of the doctor, one after the other."""

from datetime import UTC, datetime
from pathlib import Path

from edge.commands.doctor import storage, system
from edge.commands.doctor.apart import examine_apart
from edge.commands.doctor.findings import Finding, Machine, ok, problem_of
from edge.errors import SettingsError
from edge.settings import Settings, load, log_path


def examine(config: Path | None, machine: Machine | None = None) -> list[Finding]:
    """Look at everything; a check that fails does not end the others."""
    machine = machine or Machine()
    findings = [system.about(machine)]
    try:
        settings = load(config)
        findings.append(ok("settings", str(config or "built-in")))
    except SettingsError as error:
        settings = Settings()
        findings.append(problem_of("settings", error))
    findings += examine_apart(config)
    findings.append(storage.check(log_path(settings)))
    return [
        *findings,
        system.memory(machine),
        system.heat(machine),
        system.clock(machine, datetime.now(UTC)),
        system.service(machine),
    ]
