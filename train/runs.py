"""What every training shares: its settings from a recipe file, and the folder it may write into."""

import json
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from train.data import DataError

Config = TypeVar("Config")
CONFIG, METRICS = "config.json", "metrics.json"
PLACES = ("data", "votes", "photos", "start")  # where something lies: a resumed run may find it elsewhere


def read_recipe(kind: type[Config], path: Path, changes: dict[str, Any]) -> Config:
    """Make a `kind`, a dataclass, of the TOML file `path`; `changes` override it.

    Raises DataError where it cannot be read, or holds an unknown setting or a value of the wrong kind.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a recipe that can be read ({error})") from error
    unknown = set(settings) - {field.name for field in fields(kind)}
    if unknown:
        raise DataError(f"{path}: unknown setting {', '.join(sorted(unknown))}")
    try:
        return msgspec.convert(settings | changes, kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: {error}") from error


def open_run(config: Any, out: Path, resume: bool) -> None:
    """Make the run folder, or check that the one to resume was started with the same settings; raises DataError."""
    held = {path.name for path in out.iterdir()} if out.exists() else set()
    if not held <= {CONFIG}:  # else it is empty, or its run was refused before it began
        if CONFIG not in held:
            raise DataError(f"{out}: not empty and no run folder; choose another --out")
        if not resume:
            raise DataError(f"{out}: holds a run already; add --resume to carry on, or choose another --out")
        if changed := _changes(json.loads((out / CONFIG).read_text()), asdict(config)):
            raise DataError(
                f"{out}: started with other settings: {', '.join(changed)}; repeat them or choose another --out"
            )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(json.dumps(asdict(config), indent=1) + "\n")


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs; of places, only whether they are given."""
    return [
        f"{key} (was {before.get(key)!r}, now {value!r})"
        for key, value in now.items()
        if (bool(value) != bool(before.get(key)) if key in PLACES else value != before.get(key))
    ]
