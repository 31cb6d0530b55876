"""Draw a training run and its data as PNG: curves, matrices, calibration, sheets of faces."""

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
BLUE = "#2563a8"
ORANGE = "#d9661f"
GRAY = "#9aa3ad"
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
            training = history[name]
            validation = history[f"val_{name}"]
            axis.plot(epochs, training, color=GRAY, marker=marker, label="training (augmented)")
            axis.plot(epochs, validation, color=BLUE, marker=marker, label="validation")
            axis.set(xlabel="epoch", title=name)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.grid(alpha=0.3)
        axes[0].legend()
        last = history["val_accuracy"].iloc[-1]
        axes[1].set_title(f"accuracy (validation at the end: {last:.1%})")
        axes[1].yaxis.set_major_formatter("{x:.0%}")
        save(figure, path)


def save_confusion(
    confusion: np.ndarray, path: Path, title: str, names: Sequence[str] = LABELS
) -> None:
    """Plot `confusion` (K, K) counts of the classes `names`, rows the true class, shaded by the
    row's share.
    """
    confusion = np.asarray(confusion)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.6, 6.6), layout="constrained")
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(*confusion.shape):
            _write_cell(axis, row, column, shares[row, column], confusion[row, column])
        totals = confusion.sum(axis=1)
        numbered = [f"{label}\n{total:,}" for label, total in zip(names, totals, strict=True)]
        axis.set_xticks(range(len(names)), names)
        axis.set_yticks(range(len(names)), numbered)
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0)
        axis.set(xlabel="predicted", ylabel="true (faces)", title=title)
        save(figure, path)


def _write_cell(axis: plt.Axes, row: int, column: int, share: float, count: int) -> None:
    """A cell of the confusion matrix: the share of its row, below it the number of faces."""
    colour = "white" if share > 0.55 else "black"
    weight = "bold" if row == column else "normal"
    style = {"ha": "center", "color": colour}
    axis.text(column, row, f"{share:.0%}", va="bottom", weight=weight, fontsize=11, **style)
    axis.text(column, row + 0.08, f"{count:,}", va="top", fontsize=8, **style)


def save_reliability(bins: Sequence[Mapping[str, float]], ece: float, path: Path) -> None:
    """Plot the `metrics.reliability` bins: accuracy against confidence, and the number of faces
    below it.
    """
    table = pd.DataFrame(bins)
    filled = table[table["n"] > 0]
    confidence = filled["confidence"]
    accuracy = filled["accuracy"]
    width = table["high"][0] - table["low"][0]
    with plt.rc_context(STYLE):
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(5.6, 6.6), layout="constrained", sharex=True, height_ratios=(4, 1)
        )
        above.plot([0, 1], [0, 1], "--", color=GRAY, label="as often right as it says")
        gap = {"color": ORANGE, "linewidth": 5, "alpha": 0.5, "label": "gap"}
        above.vlines(confidence, accuracy, confidence, **gap)
        above.plot(confidence, accuracy, "o-", color=BLUE, label="measured")
        above.set(
            xlim=(0, 1),
            ylim=(0, 1),
            ylabel="share that is right",
            title=f"calibration (ECE {ece:.3f})",
        )
        above.yaxis.set_major_formatter("{x:.0%}")
        above.legend(loc="upper left")
        above.grid(alpha=0.3)
        bars = {"color": BLUE, "alpha": 0.6, "edgecolor": "white"}
        below.bar(table["low"], table["n"], width, align="edge", **bars)
        below.set(xlabel="confidence (score of the predicted emotion)", ylabel="faces")
        below.xaxis.set_major_formatter("{x:.0%}")
        save(figure, path)


def save_quantization(per_class: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Plot how each class's recall changes from float to int8, in points: `int8.compare`'s
    `per_class`.
    """
    table = pd.DataFrame(per_class)
    before = table.loc["float"].to_numpy()
    after = table.loc["int8"].to_numpy()
    change = 100 * (after - before)
    reach = max(np.abs(change).max(), 1.0) * 1.8  # room for the text beside the bars
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8.4, 3.6), layout="constrained")
        axis.barh(list(per_class), change, color=np.where(change < 0, ORANGE, BLUE), height=0.6)
        for row, points in enumerate(change):
            text = f"{points:+.1f}  ({before[row]:.1%} to {after[row]:.1%})"
            side = -1 if points < 0 else 1
            ha = "left" if side > 0 else "right"
            style = {"textcoords": "offset points", "va": "center", "fontsize": 9}
            axis.annotate(text, (points, row), (6 * side, 0), ha=ha, **style)
        axis.axvline(0, color=GRAY, linewidth=1)
        axis.invert_yaxis()
        axis.set(xlim=(-reach, reach), xlabel="points", title="change of recall, float to int8")
        axis.grid(alpha=0.3, axis="x")
        axis.set_axisbelow(True)
        save(figure, path)


def save_faces(images: np.ndarray, captions: Sequence[str], path: Path, columns: int = 8) -> None:
    """Draw `images` (N, 48, 48) uint8 in rows, each with its caption of at most two lines below
    it.
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    across = INPUT_SIDE + 4  # pixels of a face, with room for the caption
    down = INPUT_SIDE + 16
    sheet = np.full((rows * down, columns * across), 255, np.uint8)
    height, width = sheet.shape
    figure = plt.figure(figsize=(width * INCHES_PER_PIXEL, height * INCHES_PER_PIXEL))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        top = index // columns * down
        left = index % columns * across + 2
        sheet[top : top + INPUT_SIDE, left : left + INPUT_SIDE] = image
        middle = left + INPUT_SIDE / 2
        for number, line in enumerate(caption.splitlines(), start=1):
            below = top + INPUT_SIDE + 5.5 * number
            axis.text(middle, below, line, ha="center", fontsize=8.5)
    # Other interpolations draw rings at the faces' edges.
    axis.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="hermite")
    save(figure, path)


def save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
