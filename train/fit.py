"""Train a classifier into a run folder; killed at any moment, `--resume` carries on from the
last epoch.
"""

import sys
from pathlib import Path
from typing import Any

from train.config import FitConfig
from train.data.faces import Fer2013
from train.data.fer2013 import in_classes, load
from train.data.votes import load_with_votes
from train.quiet import import_keras
from train.run.distributed import worker
from train.run.folder import open_run


def fit(config: FitConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """Train as `config` says into the folder `out` and return the validation metrics.

    Leaves config.json, history.csv, model.keras, metrics.json, curves.png and confusion.png.
    Raises DataError where the data cannot be used, RunError where `out` holds another run.
    """
    data = load_with_votes(config.data, config.votes) if config.votes else load(config.data)
    before = in_classes(load(config.remember), config.classes) if config.remember else None
    return fit_on(in_classes(data, config.classes), config, out, resume, before)


def fit_on(
    data: Fer2013,
    config: FitConfig,
    out: Path,
    resume: bool = False,
    before: Fer2013 | None = None,
) -> dict[str, Any]:
    """`fit` on faces that are read already; `before` are those not to be forgotten."""
    for split in ("train", "validation"):
        data.split(split)
    if worker()[0] == 0:
        open_run(config, out, resume)
        print(describe(data), flush=True)
        for warning in missing_classes(data, bool(config.start), before):
            print(f"WARNING: {warning}", file=sys.stderr, flush=True)
    # TensorFlow takes seconds to import: what cannot work is refused before.
    import_keras()
    from train.remembering import with_rehearsal
    from train.training_loop import train

    if before:
        data = with_rehearsal(data, before, config.seed)
    return train(config, data, out, before)


def missing_classes(
    data: Fer2013, started: bool = False, before: Fer2013 | None = None
) -> list[str]:
    """What to say of emotions without a single face: a network cannot learn them, nor be measured
    on them; one that is `started` from a trained network forgets them, but for those in `before`.
    """
    fate = "the network will forget" if started else "the network will never predict"
    remembered = before.train.counts() if before else {}
    lines = []
    for split, meaning in (("train", fate), ("validation", "no figure will tell of")):
        counts = getattr(data, split).counts()
        missing = [label for label, count in counts.items() if count == 0]
        if split == "train":
            missing = [label for label in missing if not remembered.get(label)]
        if missing:
            listed = ", ".join(missing)
            them = "it" if len(missing) == 1 else "them"
            lines.append(f"no {split} faces of {listed}: {meaning} {them}")
    return lines


def describe(data: Fer2013) -> str:
    """The data set in one line."""
    note = "; validation is a held-out tenth of training" if data.held_out else ""
    return (
        f"{len(data.train)} training faces ({data.dropped_duplicates} copies of validation or test faces dropped), "
        f"{len(data.validation)} validation, {len(data.test)} test{note}"
    )
