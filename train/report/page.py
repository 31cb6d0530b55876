"""A finished run as a page to read: report.html, one file with all pictures in it, beside the PNGs and report.json."""

import base64
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from edge.contract import LABELS
from train.data.batches import as_input
from train.data.faces import Faces
from train.data.fer2013 import load
from train.errors import RunError
from train.network.loading import read_emotion_network
from train.report import plots, predictions
from train.report.int8 import compare
from train.report.metrics import evaluate, reliability

TEMPLATE = Path(__file__).with_name("page.html.jinja")
MISTAKES = 24


def report(run: Path, data: str | None = None, int8: Path | None = None) -> dict[str, Any]:
    """Judge the model of the folder `run` on validation, write the page beside it and return all of its figures.

    `data` defaults to what the run was trained on; `int8` is the quantized model's predictions, as
    `convert evaluate --predictions` writes them. Raises RunError where the run is not finished, DataError where the data or
    the predictions do not fit it.
    """
    config, history = _read_run(run)
    faces = load(data or config["data"])
    validation = faces.split("validation")
    quantized = predictions.load(int8, validation.labels) if int8 else None
    parameters, probabilities = _predict(run / "model.keras", validation)
    figures = {
        "config": config,
        "parameters": parameters,
        "data": {
            "train": faces.train.counts(),
            "validation": validation.counts(),
            "dropped_twins": faces.dropped_twins,
            "validation_held_out": faces.held_out,
        },
        **judge(probabilities, validation.labels),
        "quantization": None if quantized is None else compare(probabilities, quantized, validation.labels),
        "history": history.to_dict("records"),
    }
    write(run, figures, validation)
    return figures


def judge(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """All that `metrics.evaluate` says, and the margin of its accuracy, the calibration, the gravest mistakes."""
    metrics = evaluate(probabilities, labels)
    predicted, score = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    gravest = wrong[np.argsort(-score[wrong], kind="stable")][:MISTAKES]
    confusion = np.array(metrics["confusion"])
    return {
        "split": "validation",
        **metrics,
        # 95 % interval of a share by the normal approximation: chance alone moves the figure that far
        "accuracy_margin": 1.96 * math.sqrt(metrics["accuracy"] * (1 - metrics["accuracy"]) / metrics["n"]),
        "confusion_rates": (confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)).round(4).tolist(),
        "reliability": reliability(probabilities, labels),
        "mistakes": [
            {
                "row": int(row),
                "label": LABELS[labels[row]],
                "predicted": LABELS[predicted[row]],
                "score": float(score[row]),
            }
            for row in gravest
        ],
    }


def write(run: Path, figures: dict[str, Any], validation: Faces) -> None:
    """Write report.json, the PNGs and report.html into `run`."""
    (run / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    pictures = {path.stem: base64.b64encode(path.read_bytes()).decode() for path in _draw(run, figures, validation)}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    page = template.render(name=run.resolve().name, labels=LABELS, pictures=pictures, **figures)
    (run / "report.html").write_text(page, encoding="utf-8")


def _read_run(run: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    if not (run / "config.json").is_file():
        raise RunError(f"{run}: no run folder (config.json is missing); make one with `python -m train fit`")
    if not zipfile.is_zipfile(run / "model.keras"):  # said at once, before seconds of import
        raise RunError(f"{run}: no whole model.keras, the run is not finished; carry on with `fit --resume`")
    return json.loads((run / "config.json").read_text()), pd.read_csv(run / "history.csv")


def _predict(path: Path, faces: Faces) -> tuple[int, np.ndarray]:
    """The model's number of parameters, and its probabilities (N, 7)."""
    model = read_emotion_network(path)
    return model.count_params(), model.predict(as_input(faces.images), batch_size=256, verbose=0)


def _draw(run: Path, figures: dict[str, Any], validation: Faces) -> list[Path]:
    """Draw the PNGs; a section without anything to show has none."""
    names = ["curves", "confusion", "reliability"]
    plots.save_curves(pd.DataFrame(figures["history"]), run / "curves.png")
    title = f"validation: {figures['accuracy']:.1%} of {figures['n']:,} faces"
    plots.save_confusion(np.array(figures["confusion"]), run / "confusion.png", title)
    plots.save_reliability(figures["reliability"], figures["ece"], run / "reliability.png")
    if mistakes := figures["mistakes"]:
        names.append("mistakes")
        rows = [one["row"] for one in mistakes]
        captions = [f"label: {one['label']}\nmodel: {one['predicted']} {one['score']:.0%}" for one in mistakes]
        plots.save_faces(validation.images[rows], captions, run / "mistakes.png")
    if quantization := figures["quantization"]:
        names += ["quantization", "changes"]
        plots.save_quantization(quantization["per_class"], run / "quantization.png")
        changes = quantization["largest_changes"]
        captions = [
            "\n".join(f"{kind}: {one[kind]['emotion']} {one[kind]['score']:.0%}" for kind in ("float", "int8"))
            for one in changes
        ]
        plots.save_faces(validation.images[[one["row"] for one in changes]], captions, run / "changes.png")
    return [run / f"{name}.png" for name in names]
