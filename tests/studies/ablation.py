"""What each ingredient of the recipe `emotion` brings: the same run without it, on networks of half the width.

.venv-train/bin/python -m tests.studies.ablation --data fer2013.csv --runs runs/ablation [--epochs 15] [--seeds 3]

Prints a table, the accuracy's mean and standard deviation over the seeds. Stopped, the same command carries on.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from train.config import from_recipe
from train.data.fer2013 import load
from train.fit import fit_on

HALF = {"widths": [24, 64, 96], "stem": 16, "head": 64}
VARIANTS: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "labels in the place of soft targets": {"soft_share": 0.0},
    "no head for the votes": {"votes_weight": 0.0},
    "neither: smoothed labels alone": {"soft_targets": ""},
    "no averaged weights": {"ema_span": 1e-9},
    "an average over the face as head": {"network": HALF | {"head": 0}},
    "no mirror symmetry": {"network": HALF | {"mirrored": False}},
    "no augmentation": {"augmentation": "off"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    data = load(arguments.data)
    table = []
    for name, changes in VARIANTS.items():
        measured = []
        for seed in range(1, arguments.seeds + 1):
            out = arguments.runs / name.replace(" ", "-") / str(seed)
            settings = {"network": HALF, "data": arguments.data, "epochs": arguments.epochs, "seed": seed} | changes
            metrics = fit_on(data, from_recipe("emotion", **settings), out, resume=True)
            keras.backend.clear_session()
            measured.append([metrics["accuracy"], metrics["balanced_accuracy"]])
        mean = 100 * np.mean(measured, axis=0)
        spread = 100 * np.std(measured, axis=0, ddof=1)
        table.append(f"| {name} | {mean[0]:.1f} +- {spread[0]:.1f}% | {mean[1]:.1f} +- {spread[1]:.1f}% |")
        print(table[-1], flush=True)
    print("\n| | accuracy | balanced |\n|---|---|---|", *table, sep="\n")


if __name__ == "__main__":
    main()
