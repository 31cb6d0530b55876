"""Check the event log: can it be written, and is there room on the disk?"""

import shutil
import tempfile
from pathlib import Path

from edge.commands.doctor.findings import Finding, ok, problem, warning
from edge.errors import EXIT_TRY_AGAIN

MB = 1_000_000
LOW_MB = 500  # one face all day is 18 MB: 208 bytes a row (measured over 20,000), a row a second
FULL_MB = 20
FREE_SOME = "free space (`sudo apt clean`, old files), or set log.path to a larger disk"


def check(path: Path) -> Finding:
    """Whether the log `path`, which may not exist yet, can be written, and how much room there is."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    reason = _refusal(path, folder)
    if reason:
        remedy = f"fix the permissions of {folder}, remount it writable, or set log.path"
        return problem("log", f"{path}: cannot be written ({reason})", remedy, EXIT_TRY_AGAIN)
    return space(path, shutil.disk_usage(folder).free)


def space(path: Path, free_bytes: int) -> Finding:
    found = f"{path}, {free_bytes / MB:,.0f} MB free"
    if free_bytes < FULL_MB * MB:
        return problem("log", found, FREE_SOME, EXIT_TRY_AGAIN)
    return warning("log", found, FREE_SOME) if free_bytes < LOW_MB * MB else ok("log", found)


def _refusal(path: Path, folder: Path) -> str:
    """Why a file in `folder` cannot be written; empty where it can. Nothing stays behind."""
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"\0" * 4096)
        if path.exists():
            path.open("ab").close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
