"""How much faces of one's own help: half of them are learned, the other half is asked, before and after.

.venv-train/bin/python -m tests.studies.own_faces my_faces/ --start models/emotion.keras --remember fer2013.csv

`my_faces/` holds folders named as emotions. Who is in one half is not in the other, where the files are called after
persons, as in Ann_1.jpg: what stands before the last _ and its number is the person.
"""

import argparse
import json
import re
import tempfile
from pathlib import Path

import numpy as np

from train.config import FitConfig
from train.data.faces import Faces, Fer2013, stacked
from train.data.reading.names import emotion
from train.data.reading.pictures import files_below, read_face
from train.quiet import import_keras


def read(folder: Path) -> tuple[Faces, np.ndarray]:
    """The faces, and whom each shows."""
    images = []
    labels = []
    persons = []
    for path in sorted(files_below(folder)):
        label = emotion(path.parent.name)
        if label is not None:
            images.append(read_face(path))
            labels.append(label)
            persons.append(re.sub(r"_\d+$", "", path.stem))
    return stacked(images, labels), np.array(persons)


def halves(persons: np.ndarray, seed: int) -> np.ndarray:
    """(N,) bool: whose faces are learned."""
    names = np.random.default_rng(seed).permutation(np.unique(persons))
    return np.isin(persons, names[: len(names) // 2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--start", required=True)
    parser.add_argument("--remember", default="")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--splits", type=int, default=3, help="halves drawn anew, each with a training")
    arguments = parser.parse_args()
    faces, persons = read(arguments.folder)
    import_keras()
    from train.fit import fit_on, load

    before = load(arguments.remember) if arguments.remember else None
    rows = []
    for seed in range(1, arguments.splits + 1):
        learned = halves(persons, seed)
        own = Fer2013(faces.take(np.flatnonzero(learned)), faces.take(np.flatnonzero(~learned)), stacked([], []))
        config = FitConfig(
            str(arguments.folder),
            start=arguments.start,
            remember=arguments.remember,
            epochs=arguments.epochs,
            seed=seed,
        )
        with tempfile.TemporaryDirectory() as folder:
            metrics = fit_on(own, config, Path(folder, "run"), before=before)
        after = {name: metrics[name] for name in metrics["started"]}
        rows.append({"seed": seed, "own": {"before": metrics["started"], "after": after}} | _kept(metrics))
        print(json.dumps(rows[-1]), flush=True)


def _kept(metrics: dict) -> dict:
    return {"remembered": metrics["remembered"]} if "remembered" in metrics else {}


if __name__ == "__main__":
    main()
