"""The folder of a training run: the names of its files, and which run may write into it."""

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from train.data.classes import SEVEN, Classes, parse
from train.errors import RunError

CONFIG = "config.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
MODEL = "model.keras"
# Where something lies: a resumed run may find it elsewhere.
PATH_SETTINGS = ("data", "votes", "photos", "start", "remember")


def open_run(config: Any, out: Path, resume: bool) -> None:
    """Make the run folder, or check that the one to resume was started with the same settings.

    Only `epochs` may change, to no fewer than were trained. Raises RunError.
    """
    held = {path.name for path in out.iterdir()} if out.exists() else set()
    if not held <= {CONFIG}:  # else it is empty, or its run was refused before it began
        if CONFIG not in held:
            raise RunError(f"{out}: not empty and no run folder", "choose another --out")
        if not resume:
            raise RunError(
                f"{out}: holds a run already", "add --resume to carry on, or choose another --out"
            )
        started = _started_with(config, out)
        if changed := _changes(started, asdict(config), _trained_epochs(out)):
            raise RunError(
                f"{out}: started with other settings: {', '.join(changed)}",
                "repeat them or choose another --out",
            )
        if config.epochs != started["epochs"]:
            print(
                f"{out}: now {config.epochs} epochs; the learning rate falls along the new number",
                flush=True,
            )
    out.mkdir(parents=True, exist_ok=True)
    (out / CONFIG).write_text(json.dumps(asdict(config), indent=1) + "\n")


def classes_beside(model: Path, outputs: int) -> Classes | None:
    """The classes of the network `model`: of the run whose folder it lies in, else the seven emotions.

    None where there is no such run, and it has not seven outputs.
    """
    config = model.parent / CONFIG
    if model.name == MODEL and config.is_file():
        return parse(json.loads(config.read_text()).get("labels", ""))
    return SEVEN if outputs == len(SEVEN) else None


def _started_with(config: Any, out: Path) -> dict[str, Any]:
    """The settings in `out`; for one that is younger than that run, its default."""
    defaults = {
        field.name: field.default for field in fields(config) if field.default is not MISSING
    }
    return defaults | json.loads((out / CONFIG).read_text())


def _trained_epochs(out: Path) -> int:
    history = out / HISTORY
    return len(history.read_text().splitlines()) - 1 if history.is_file() else 0


def _changes(before: dict[str, Any], now: dict[str, Any], trained_epochs: int) -> list[str]:
    """What differs and may not; of places, only whether they are given."""
    changed = []
    for key, value in now.items():
        was = before.get(key)
        if key in PATH_SETTINGS:
            same = bool(value) == bool(was)
        elif key == "epochs":
            same = value == was or value >= trained_epochs
        else:
            same = value == was
        if not same:
            trained = f", {trained_epochs} are trained" if key == "epochs" else ""
            changed.append(f"{key} (was {was!r}, now {value!r}{trained})")
    return changed
