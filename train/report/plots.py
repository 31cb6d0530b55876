"""The pictures of a training run and its data, as PNG: curves, matrices, calibration, sheets of faces."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

from edge.contract import INPUT_SIDE, LABELS

matplotlib.use("Agg")
from matplotlib import pyplot as plt

DPI = 160  # sharp on a phone and on paper
INCHES_PER_PIXEL = 0.026  # of a face: 1.25 inches a face, wide enough for its caption
BLUE, ORANGE, GRAY = "#2563a8", "#d9661f", "#9aa3ad"
STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GRAY,
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "legend.frameon": False,
}


def save_curves(history: pd.DataFrame, path: Path) -> None:
    """Plot loss and accuracy of training and validation over the epochs."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
        epochs = history["epoch"] + 1
        marker = "o" if len(history) < 3 else None  # a single epoch draws no line
        for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
            axis.plot(epochs, history[name], color=GRAY, marker=marker, label="training (augmented)")
            axis.plot(epochs, history[f"val_{name}"], color=BLUE, marker=marker, label="validation")
            axis.set(xlabel="epoch", title=name)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.grid(alpha=0.3)
        axes[0].legend()
        axes[1].set_title(f"accuracy (validation at the end: {history['val_accuracy'].iloc[-1]:.1%})")
        axes[1].yaxis.set_major_formatter("{x:.0%}")
        save(figure, path)


def save_confusion(confusion: np.ndarray, path: Path, title: str) -> None:
    """Plot `confusion` (7, 7) counts, rows the true class, shaded by the row's share."""
    confusion = np.asarray(confusion)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.6, 6.6), layout="constrained")
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(*confusion.shape):
            colour = "white" if shares[row, column] > 0.55 else "black"
            weight = "bold" if row == column else "normal"
            place = {"ha": "center", "color": colour}
            axis.text(column, row, f"{shares[row, column]:.0%}", va="bottom", weight=weight, fontsize=11, **place)
            axis.text(column, row + 0.08, f"{confusion[row, column]:,}", va="top", fontsize=8, **place)
        axis.set_xticks(range(len(LABELS)), LABELS)
        names = [f"{label}\n{total:,}" for label, total in zip(LABELS, confusion.sum(axis=1), strict=True)]
        axis.set_yticks(range(len(LABELS)), names)
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0)
        axis.set(xlabel="predicted", ylabel="true (faces)", title=title)
        save(figure, path)


def save_reliability(bins: Sequence[Mapping[str, float]], ece: float, path: Path) -> None:
    """Plot the `metrics.reliability` bins: accuracy against confidence, and below it how many faces have which."""
    filled = [one for one in bins if one["n"]]
    confidence, accuracy = ([one[name] for one in filled] for name in ("confidence", "accuracy"))
    edges, width = [one["low"] for one in bins], bins[0]["high"] - bins[0]["low"]
    with plt.rc_context(STYLE):
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(5.6, 6.6), layout="constrained", sharex=True, height_ratios=(4, 1)
        )
        above.plot([0, 1], [0, 1], "--", color=GRAY, label="as often right as it says")
        above.vlines(confidence, accuracy, confidence, color=ORANGE, linewidth=5, alpha=0.5, label="gap")
        above.plot(confidence, accuracy, "o-", color=BLUE, label="measured")
        above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share that is right", title=f"calibration (ECE {ece:.3f})")
        above.yaxis.set_major_formatter("{x:.0%}")
        above.legend(loc="upper left")
        above.grid(alpha=0.3)
        below.bar(edges, [one["n"] for one in bins], width, align="edge", color=BLUE, alpha=0.6, edgecolor="white")
        below.set(xlabel="confidence (score of the predicted emotion)", ylabel="faces")
        below.xaxis.set_major_formatter("{x:.0%}")
        save(figure, path)


def save_quantization(per_class: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Plot how each class's recall changes from float to int8, in points: `quantization.compare`'s `per_class`."""
    before, after = (np.array([per_class[label][kind] for label in LABELS]) for kind in ("float", "int8"))
    change = 100 * (after - before)
    reach = max(np.abs(change).max(), 1.0) * 1.8  # room for the text beside the bars
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8.4, 3.6), layout="constrained")
        axis.barh(LABELS, change, color=np.where(change < 0, ORANGE, BLUE), height=0.6)
        for row, points in enumerate(change):
            text = f"{points:+.1f}  ({before[row]:.1%} to {after[row]:.1%})"
            side = -1 if points < 0 else 1
            axis.annotate(
                text,
                (points, row),
                (6 * side, 0),
                textcoords="offset points",
                ha="left" if side > 0 else "right",
                va="center",
                fontsize=9,
            )
        axis.axvline(0, color=GRAY, linewidth=1)
        axis.invert_yaxis()
        axis.set(xlim=(-reach, reach), xlabel="points", title="change of recall, float to int8")
        axis.grid(alpha=0.3, axis="x")
        axis.set_axisbelow(True)
        save(figure, path)


def save_faces(images: np.ndarray, captions: Sequence[str], path: Path, columns: int = 8) -> None:
    """Draw `images` (N, 48, 48) uint8 in rows, each with its caption of at most two lines below it."""
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    across, down = INPUT_SIDE + 4, INPUT_SIDE + 16  # pixels of a face, with room for the caption
    sheet = np.full((rows * down, columns * across), 255, np.uint8)
    inches = sheet.shape[1] * INCHES_PER_PIXEL, sheet.shape[0] * INCHES_PER_PIXEL
    figure = plt.figure(figsize=inches)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        top, left = index // columns * down, index % columns * across + 2
        sheet[top : top + INPUT_SIDE, left : left + INPUT_SIDE] = image
        for number, line in enumerate(caption.splitlines(), start=1):
            axis.text(left + INPUT_SIDE / 2, top + INPUT_SIDE + 5.5 * number, line, ha="center", fontsize=8.5)
    axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="hermite")  # rings not at the faces' edges
    save(figure, path)


def save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
