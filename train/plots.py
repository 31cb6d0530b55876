"""The pictures of a training run: curves and confusion matrix, as PNG."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

from edge.contract import LABELS

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def save_curves(history: pd.DataFrame, path: Path) -> None:
    """Plot loss and accuracy of training and validation over the epochs."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(history["epoch"] + 1, history[name], color="tab:gray", label="training (augmented)")
        axis.plot(history["epoch"] + 1, history[f"val_{name}"], color="tab:blue", label="validation")
        axis.set(xlabel="epoch", title=name)
        axis.grid(alpha=0.3)
    axes[1].legend(loc="lower right")
    axes[1].set_title(f"accuracy (validation at the end: {history['val_accuracy'].iloc[-1]:.1%})")
    axes[1].yaxis.set_major_formatter("{x:.0%}")
    _save(figure, path)


def save_confusion(confusion: np.ndarray, path: Path, title: str) -> None:
    """Plot `confusion` (7, 7) counts, rows the true class, shaded by the row's share."""
    confusion = np.asarray(confusion)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(7, 6), layout="constrained")
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*confusion.shape):
        colour = "white" if shares[row, column] > 0.55 else "black"
        text = f"{shares[row, column]:.0%}\n{confusion[row, column]}"
        axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(len(LABELS)), LABELS)
    axis.set_yticks(range(len(LABELS)), LABELS)
    axis.set(xlabel="predicted", ylabel="true", title=title)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=120)
    plt.close(figure)
