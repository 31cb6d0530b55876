"""Train a classifier into a run folder; killed at any moment, `--resume` carries on from the last epoch."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from train.data import DataError, Fer2013, load


@dataclass(frozen=True)
class FitConfig:
    """What defines a run; saved beside it, and a resumed run must be given the same."""

    data: str
    arch: str = "cnn"
    epochs: int = 40
    seed: int = 1
    batch_size: int = 64  # two cores: larger batches leave the cache and lose a tenth of the speed
    learning_rate: float = 0.05  # peak; SGD, 0.1 per 128 faces
    warmup_epochs: float = 1.0  # batch norm's statistics settle before the full step size
    momentum: float = 0.9
    label_smoothing: float = 0.1  # FER2013's labels are doubtful: people agree with about two in three
    ema_span: float = 0.02  # of the run: the weights kept are averaged over about this last part


def fit(config: FitConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """Train as `config` says into the folder `out` and return the validation metrics.

    Leaves config.json, history.csv, model.keras, metrics.json, curves.png and confusion.png. Raises DataError
    where the data cannot be used, or where `out` holds another run.
    """
    data = load(config.data)
    for split in ("train", "validation"):
        data.split(split)
    _open_run(config, out, resume)
    print(describe(data), flush=True)
    from train.training import train  # TensorFlow takes seconds to import: refuse what cannot work before

    return train(config, data, out)


def describe(data: Fer2013) -> str:
    """The data set in one line."""
    note = "; validation is a held-out tenth of training" if data.held_out else ""
    return (
        f"{len(data.train)} training faces ({data.dropped_twins} twins of validation or test faces dropped), "
        f"{len(data.validation)} validation, {len(data.test)} test{note}"
    )


def _open_run(config: FitConfig, out: Path, resume: bool) -> None:
    """Make the run folder, or check that the one to resume was started with the same settings."""
    saved = out / "config.json"
    if not saved.exists():
        if out.exists() and any(out.iterdir()):
            raise DataError(f"{out}: not empty and no run folder; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(asdict(config), indent=1) + "\n")
        return
    if not resume:
        raise DataError(f"{out}: holds a run already; add --resume to carry on, or choose another --out")
    before, now = json.loads(saved.read_text()), asdict(config)
    changed = [
        f"{key} (was {before.get(key)}, now {now[key]})" for key in now if key != "data" and now[key] != before.get(key)
    ]
    if changed:
        raise DataError(
            f"{out}: started with other settings: {', '.join(changed)}; repeat them or choose another --out"
        )
