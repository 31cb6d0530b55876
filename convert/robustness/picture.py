"""Draw faces found and accuracy over each degradation, with a face of the demo above every step."""

from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np

from convert.robustness.degradations import DEGRADATIONS, FACE_PX, HEIGHT, Box, Degradation
from convert.robustness.measure import Robustness, Step
from convert.robustness.optics import distance_m
from convert.robustness.sample import SEED, framed
from convert.robustness.table import sentence
from edge.cameras import DEMO
from edge.cameras.media.files import VideoFile
from edge.vision.detection import GrayNet
from train.report.plots import BLUE, ORANGE, STYLE, save

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLUMNS = 4
DEMO_FRAME = 20  # one person, who looks into the camera
AROUND = 1.35  # side of a small picture, in heights of the face
SMALL_PX = 72  # its side
SOFT = "#5b6570"
TOO_NEAR = 0.08  # two shares whose words would lie on each other


def save_picture(result: Robustness, graynet: Path, path: Path) -> None:
    face = _demo_face(graynet)
    rows = -(-len(DEGRADATIONS) // COLUMNS)
    with plt.rc_context(STYLE | {"font.size": 9, "axes.titlesize": 11, "axes.spines.left": False}):
        figure = plt.figure(figsize=(13.2, 3.75 * rows + 0.9))
        grid = figure.add_gridspec(
            rows, COLUMNS, left=0.025, right=0.975, top=0.775, bottom=0.07, wspace=0.14, hspace=0.62
        )
        for number, degradation in enumerate(DEGRADATIONS):
            steps = [step for step in result.steps if step.degradation == degradation.name]
            axis = figure.add_subplot(grid[number // COLUMNS, number % COLUMNS])
            _draw(axis, steps, degradation, face)
        _write_heading(figure, result)
        save(figure, path)


def _write_heading(figure: plt.Figure, result: Robustness) -> None:
    figure.text(0.022, 0.96, sentence(result), fontsize=12.5, weight="bold", va="center")
    about = (
        f"{result.photos} held-out photos, {result.faces} labelled faces; faces {FACE_PX:g} px high where "
        "nothing else is said. Accuracy is the mean of the emotions' recalls."
    )
    figure.text(0.022, 0.926, about, fontsize=9.5, color=SOFT, va="center")
    figure.text(0.86, 0.96, "● faces found", fontsize=11, color=BLUE, weight="bold", va="center")
    figure.text(0.86, 0.926, "● accuracy", fontsize=11, color=ORANGE, weight="bold", va="center")


def _draw(
    axis: plt.Axes, steps: list[Step], degradation: Degradation, face: tuple[np.ndarray, Box]
) -> None:
    places = np.arange(len(steps))
    _draw_shares(axis, [step.found for step in steps], [step.accuracy for step in steps])
    unit = "px, and metres from a Camera Module 3" if degradation is HEIGHT else degradation.unit
    axis.set(xlim=(-0.5, len(steps) - 0.5), ylim=(0, 1.0), xlabel=unit)
    axis.set_xticks(places, [_label(degradation, step.step) for step in steps])
    axis.set_yticks([0, 0.25, 0.5, 0.75, 1.0], [])
    axis.tick_params(length=0)
    axis.grid(axis="y", alpha=0.3)
    axis.set_title(degradation.name, pad=52)
    for place, step in zip(places, steps, strict=True):
        _draw_face(axis, place, len(steps), _small(degradation, step.step, face))


def _draw_shares(axis: plt.Axes, found: list[float], accuracy: list[float]) -> None:
    places = np.arange(len(found))
    for values, colour in ((found, BLUE), (accuracy, ORANGE)):
        style = {"linewidth": 2, "markersize": 4.5, "clip_on": False, "zorder": 3}
        axis.plot(places, values, "o-", color=colour, **style)
        axis.fill_between(places, 0, values, color=colour, alpha=0.07, linewidth=0)
        _write_share(axis, 0, values[0], colour, (0, -13))
    apart = 5 if abs(found[-1] - accuracy[-1]) < TOO_NEAR else 0
    lift = apart if found[-1] > accuracy[-1] else -apart
    _write_share(axis, len(found) - 1, found[-1], BLUE, (6, -3 + lift))
    _write_share(axis, len(found) - 1, accuracy[-1], ORANGE, (6, -3 - lift))


def _write_share(
    axis: plt.Axes, place: int, value: float, colour: str, offset: tuple[int, int]
) -> None:
    style = {"color": colour, "fontsize": 8.5, "weight": "bold", "annotation_clip": False}
    axis.annotate(
        f"{value:.0%}", (place, value), offset, textcoords="offset points", ha="left", **style
    )


def _label(degradation: Degradation, step: float) -> str:
    return f"{step:g}\n{distance_m(step):.1f}" if degradation is HEIGHT else f"{step:g}"


def _draw_face(axis: plt.Axes, place: int, count: int, image: np.ndarray) -> None:
    """Above the plot, over its step."""
    width = min(0.92, 0.62 * count / 5) / count
    inset = axis.inset_axes(((place + 0.5) / count - width / 2, 1.03, width, 0.26))
    inset.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    inset.set_anchor("S")
    inset.axis("off")


def _small(degradation: Degradation, step: float, face: tuple[np.ndarray, Box]) -> np.ndarray:
    """The demo's face as it is at that step."""
    gray, box = face
    height_px = step if degradation is HEIGHT else FACE_PX
    frame, place = framed(gray, box, height_px)
    worse = degradation.change(frame, place, step, np.random.default_rng(SEED))
    side = round(AROUND * height_px)
    top, left = ((size - side) // 2 for size in worse.shape)
    cut = worse[top : top + side, left : left + side]
    return cv2.resize(cut, (SMALL_PX * 2, SMALL_PX * 2), interpolation=cv2.INTER_NEAREST)


def _demo_face(graynet: Path) -> tuple[np.ndarray, Box]:
    """A frame of the demo and the largest face in it: of people whose pictures may be shown."""
    detector: Any = GrayNet.load(graynet)
    with VideoFile(DEMO) as video:
        for number, frame in enumerate(iter(video.read, None)):
            if number >= DEMO_FRAME and (faces := detector.detect(frame.gray)):
                return frame.gray, faces[0].box_xywh
    raise RuntimeError(f"{DEMO}: no face found with {graynet}")
