"""Where a command writes what it makes: into a file, or for `-` to standard output."""

import sys
from collections.abc import Iterable
from pathlib import Path

from edge.errors import EdgeError, UsageError

STANDARD_OUTPUT = "-"
HELP = f"{STANDARD_OUTPUT} for standard output"


def parse(text: str) -> Path | None:
    """An `--output`; None is standard output."""
    return None if text == STANDARD_OUTPUT else Path(text)


def refuse_the_log(output: Path | None, logs: Iterable[Path]) -> None:
    """Raise UsageError where `output` would overwrite one of the event logs."""
    for log in logs:
        if output and output.exists() and log.exists() and output.samefile(log):
            raise UsageError(f"{output}: is the event log itself", "give another --output")


def write(text: str, output: Path | None) -> None:
    """Write all of `text`, in UTF-8 whatever the locale says, and say where it is."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        return
    try:
        output.write_text(text, encoding="utf-8")
    except PermissionError as error:  # as the service's user, in the folder of whoever calls
        remedy = f"--output {STANDARD_OUTPUT} > {output.name} writes it as you"
        raise EdgeError(f"{output}: cannot be written ({error.strerror})", remedy) from error
    print(f"wrote {output}")
