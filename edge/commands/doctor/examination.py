"""What keeps the daemon from running, or from running well, and how to mend it."""

from datetime import UTC, datetime
from pathlib import Path

from edge.commands.doctor import storage, system
from edge.commands.doctor.findings import Finding, Machine, ok, problem, problem_of
from edge.errors import EXIT_CONFIG, SettingsError
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
