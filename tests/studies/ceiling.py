"""How far the labels can be predicted at all: by FER+'s ten voters, by models, and by both, on validation.

    .venv-train/bin/python -m tests.studies.ceiling --data fer2013.csv --votes fer2013new.csv MODEL...
        [--split validation]

The mean of the models' predictions and the shares of the votes go into the regression of `train teach`, measured
across folds. Prints the accuracy over all faces and over those of photos that training does not hold.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from convert.evaluation.evaluate import open_model, predict
from train.config import SPLITS
from train.data.near_duplicates import near_duplicates
from train.data.votes import load_with_votes
from train.teachers import combine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help=".keras or .tflite")
    parser.add_argument("--data", required=True)
    parser.add_argument("--votes", required=True)
    parser.add_argument("--split", default="validation", choices=SPLITS[1:])
    arguments = parser.parse_args()
    data = load_with_votes(arguments.data, arguments.votes)
    faces = data.split(arguments.split)
    new = ~near_duplicates(faces.images, data.train.images)
    predicted = np.mean([predict(open_model(path), faces)[0] for path in arguments.models], axis=0)
    print(f"{'':32}{'all ' + str(len(faces)):>12}{'new ' + str(new.sum()):>12}")
    _print("models", predicted.argmax(axis=1) == faces.labels, new)
    for name, known in (("votes", np.full_like(predicted, 1 / 7)), ("models and votes", predicted)):
        _print(f"{name}, regression", combine([known], faces).argmax(axis=1) == faces.labels, new)


def _print(name: str, right: np.ndarray, new: np.ndarray) -> None:
    print(f"{name:32}{right.mean():12.1%}{right[new].mean():12.1%}", flush=True)


if __name__ == "__main__":
    main()
