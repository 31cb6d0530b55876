"""The folder of a training run: who may write into it, and the names of its files."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.errors import RunError

CONFIG, METRICS = "config.json", "metrics.json"
PLACES = ("data", "votes", "photos", "start")  # where something lies: a resumed run may find it elsewhere


def open_run(config: Any, out: Path, resume: bool) -> None:
    """Make the run folder, or check that the one to resume was started with the same settings; raises RunError."""
    held = {path.name for path in out.iterdir()} if out.exists() else set()
    if not held <= {CONFIG}:  # else it is empty, or its run was refused before it began
        if CONFIG not in held:
            raise RunError(f"{out}: not empty and no run folder; choose another --out")
        if not resume:
            raise RunError(f"{out}: holds a run already; add --resume to carry on, or choose another --out")
        if changed := _changes(json.loads((out / CONFIG).read_text()), asdict(config)):
            raise RunError(
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
