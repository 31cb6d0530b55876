"""Make soft targets: k-fold teachers predict the faces that they did not see, and FER+ votes
correct them.

A logistic regression learns, across folds too, how predictions and votes together tell the
label. The student sees neither votes nor noise, only the outcome: privileged information
(Vapnik and Vashist 2009), distillation (Hinton et al. 2015). No network predicts a face it
learned from, or it would hand on its label.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from edge.contract import LABELS
from train.config import from_recipe
from train.data.batches import as_input
from train.data.faces import Faces, Fer2013
from train.data.soft_targets import image_keys, save_soft_targets
from train.data.votes import load_with_votes, shares
from train.fit import fit_on
from train.network.loading import read_emotion_network
from train.run.folder import MODEL

FOLDS = 4
COMBINING_FOLDS = 5
COMBINING_SEED = 7


def teach(recipes: list[str], data: str, votes: str, runs: Path, out: Path) -> dict[str, Any]:
    """Train `FOLDS` networks of each recipe below `runs` (resuming what is there) and write
    soft targets to `out`.

    Returns the figures of the targets. Raises DataError where the data cannot be used.
    """
    faces = load_with_votes(data, votes)
    predictions = {}
    for recipe in recipes:
        folder = runs / Path(recipe).stem
        predictions[recipe] = _out_of_fold(recipe, faces, data, votes, folder)
    targets = combine(list(predictions.values()), faces.train)
    save_soft_targets(out, faces.train, targets)
    labels = faces.train.labels
    chosen = targets[np.arange(len(labels)), labels]
    return {
        "faces": len(labels),
        "out_of_fold_accuracy": {
            name: _accuracy(rows, labels) for name, rows in predictions.items()
        },
        "targets_accuracy": _accuracy(targets, labels),
        "targets_log_loss": float(-np.log(chosen).mean()),
    }


def combine(predictions: list[np.ndarray], faces: Faces) -> np.ndarray:
    """Predict each face's label from `predictions`, (N, 7) each, and its votes: (N, 7), out of
    fold.
    """
    mean = np.log(np.maximum(np.mean(predictions, axis=0), 1e-4))
    votes = shares(faces)
    features = np.hstack([mean, votes, np.sqrt(votes)])
    folds = StratifiedKFold(COMBINING_FOLDS, shuffle=True, random_state=COMBINING_SEED)
    regression = LogisticRegression(max_iter=1000)
    with threadpool_limits(1):  # threads cost more than they bring on 27 columns
        return cross_val_predict(
            regression, features, faces.labels, cv=folds, method="predict_proba"
        )


def _accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == labels).mean())


def _out_of_fold(recipe: str, faces: Fer2013, data: str, votes: str, runs: Path) -> np.ndarray:
    """Probabilities, (N, 7), of each training face by the network that did not see it."""
    probabilities = np.zeros((len(faces.train), len(LABELS)), np.float32)
    # Folds go by the pixels: a face and its copy share a fold.
    fold_of = image_keys(faces.train.images) % FOLDS
    for fold in range(FOLDS):
        out = runs / f"fold-{fold}"
        held = np.flatnonzero(fold_of == fold)
        others = replace(faces, train=faces.train.take(np.flatnonzero(fold_of != fold)))
        config = from_recipe(recipe, data=data, votes=votes, seed=fold)
        fit_on(others, config, out, resume=True)
        probabilities[held] = _flip_averaged(out / MODEL, faces.train.images[held])
    return probabilities


def _flip_averaged(model: Path, images: np.ndarray) -> np.ndarray:
    network = read_emotion_network(model)
    upright = network.predict(as_input(images), 256, verbose=0)
    mirrored = network.predict(as_input(images[:, :, ::-1]), 256, verbose=0)
    return (upright + mirrored) / 2
