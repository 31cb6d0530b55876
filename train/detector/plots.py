"""The pictures of a detector's training, as PNG: losses, and what it finds against what it
invents.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from train.detector.metrics import FACE_FREE_PHOTOS, Curve
from train.report.plots import BLUE, GRAY, ORANGE, STYLE, save

THRESHOLDS = np.linspace(0.02, 0.99, 98)


def save_curves(history: pd.DataFrame, path: Path) -> None:
    """Plot the three losses, and the recall on the held-out photos where an epoch was evaluated."""
    evaluated = history.dropna(subset=["recall"])
    with plt.rc_context(STYLE):
        figure, (losses, recall) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
        for name, colour in (("scores", BLUE), ("boxes", ORANGE), ("landmarks", GRAY)):
            values = history[f"{name}_loss"]
            losses.plot(history["epoch"] + 1, values / values.iloc[0], color=colour, label=name)
        losses.set(xlabel="epoch", title="losses, as shares of the first epoch's", yscale="log")
        losses.legend()
        recall.plot(evaluated["epoch"] + 1, evaluated["recall"], "o-", color=BLUE)
        recall.set(
            xlabel="epoch",
            title=f"recall, held out (at the end: {evaluated['recall'].iloc[-1]:.1%})",
        )
        recall.yaxis.set_major_formatter("{x:.0%}")
        for axis in (losses, recall):
            axis.grid(alpha=0.3)
            axis.xaxis.get_major_locator().set_params(integer=True)
        save(figure, path)


def save_recall(curves: Mapping[str, tuple[Curve, float]], path: Path) -> None:
    """Plot recall against false alarms and against precision; `curves` give each detector's
    curve and threshold.
    """
    with plt.rc_context(STYLE):
        figure, (alarms, precision) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
        for (name, (curve, threshold)), colour in zip(
            curves.items(), (BLUE, ORANGE, GRAY), strict=False
        ):
            for axis, across in ((alarms, Curve.false_alarms), (precision, Curve.precision)):
                points = [(across(curve, one), curve.recall(one)) for one in THRESHOLDS]
                axis.plot(*zip(*points, strict=True), color=colour, label=name)
                axis.plot(
                    across(curve, threshold),
                    curve.recall(threshold),
                    "o",
                    color=colour,
                    clip_on=False,
                )
        alarms.set(
            xlabel=f"false alarms on {FACE_FREE_PHOTOS} face-free photos",
            ylabel="recall",
            xlim=(0, 30),
        )
        precision.set(xlabel="precision", xlim=(0.8, 1.003))
        alarms.set_title("faces found at IoU 0.5 (dot: the threshold in use)")
        precision.set_xticks(np.arange(0.8, 1.01, 0.05))
        for axis in (alarms, precision):
            axis.set_ylim(0.5, 1.0)
            axis.yaxis.set_major_formatter("{x:.0%}")
            axis.grid(alpha=0.3)
        precision.xaxis.set_major_formatter("{x:.0%}")
        alarms.legend(loc="lower right")
        save(figure, path)
