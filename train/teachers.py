"""Soft targets: networks that never saw a face say what it shows, and FER+'s votes correct them.

Each face is judged by networks trained on the other folds, so that they cannot hand on its label by heart. A
regression then learns, across folds too, how the networks' opinion and the people's votes together foretell the
label: the student sees neither votes nor noise, only the outcome (privileged information, Vapnik and Vashist 2009;
distillation, Hinton et al. 2015).
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

FOLDS = 4
FUSION_FOLDS = 5
FUSION_SEED = 7


def teach(recipes: list[str], data: str, votes: str, runs: Path, out: Path) -> dict[str, Any]:
    """Train `FOLDS` networks of each recipe below `runs` (resuming what is there) and write soft targets to `out`.

    Returns the figures of the targets. Raises DataError where the data cannot be used.
    """
    faces = load_with_votes(data, votes)
    opinions = [_opinion(recipe, faces, data, votes, runs / Path(recipe).stem) for recipe in recipes]
    probabilities = fuse(opinions, faces.train)
    save_soft_targets(out, faces.train, probabilities)
    rows, labels = np.arange(len(faces.train)), faces.train.labels
    judged = {
        recipe: float((opinion.argmax(axis=1) == labels).mean())
        for recipe, opinion in zip(recipes, opinions, strict=True)
    }
    return {
        "faces": len(labels),
        "out_of_fold_accuracy": judged,
        "targets_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        "targets_log_loss": float(-np.log(probabilities[rows, labels]).mean()),
    }


def fuse(opinions: list[np.ndarray], faces: Faces) -> np.ndarray:
    """Foretell each face's label from `opinions`, (N, 7) each, and its votes: (N, 7), out of fold."""
    opinion = np.log(np.maximum(np.mean(opinions, axis=0), 1e-4))
    votes = shares(faces)
    features = np.hstack([opinion, votes, np.sqrt(votes)])
    folds = StratifiedKFold(FUSION_FOLDS, shuffle=True, random_state=FUSION_SEED)
    regression = LogisticRegression(max_iter=1000)
    with threadpool_limits(1):  # threads cost more than they bring on 27 columns
        return cross_val_predict(regression, features, faces.labels, cv=folds, method="predict_proba")


def _opinion(recipe: str, faces: Fer2013, data: str, votes: str, runs: Path) -> np.ndarray:
    """(N, 7): what each training face looks like to the network that did not see it."""
    opinion = np.zeros((len(faces.train), len(LABELS)), np.float32)
    fold_of = image_keys(faces.train.images) % FOLDS  # by the pixels: a face and its copy share a fold
    for fold in range(FOLDS):
        out, held = runs / f"fold-{fold}", np.flatnonzero(fold_of == fold)
        others = replace(faces, train=faces.train.take(np.flatnonzero(fold_of != fold)))
        fit_on(others, from_recipe(recipe, data=data, votes=votes, seed=fold), out, resume=True)
        opinion[held] = _flip_averaged(out / "model.keras", faces.train.images[held])
    return opinion


def _flip_averaged(model: Path, images: np.ndarray) -> np.ndarray:
    network = read_emotion_network(model)
    upright = network.predict(as_input(images), 256, verbose=0)
    mirrored = network.predict(as_input(images[:, :, ::-1]), 256, verbose=0)
    return (upright + mirrored) / 2
