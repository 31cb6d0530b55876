"""Make a page of a finished run: report.html, one file with all pictures in it, beside PNGs and
report.json.
"""

import base64
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from train.data.batches import as_input
from train.data.classes import parse
from train.data.faces import Faces
from train.data.fer2013 import in_classes, load
from train.errors import RunError
from train.network.loading import read_emotion_network
from train.report import plots, predictions
from train.report.int8 import compare
from train.report.metrics import evaluate, reliability
from train.run.folder import CONFIG, HISTORY, MODEL

TEMPLATE = Path(__file__).with_name("page.html.jinja")
MISTAKES = 24


def report(run: Path, data: str | None = None, int8: Path | None = None) -> dict[str, Any]:
    """Evaluate the model of the folder `run` on validation, write the page beside it, return
    its figures.

    `data` defaults to what the run was trained on; `int8` is the quantized model's predictions,
    as `convert evaluate --predictions` writes them. Raises RunError where the run is not
    finished, DataError where the data or the predictions do not fit it.
    """
    config, history = _read_run(run)
    classes = parse(config.get("labels", ""))
    faces = in_classes(load(data or config["data"]), classes)
    validation = faces.split("validation")
    quantized = predictions.load(int8, validation) if int8 else None
    parameters, probabilities = _predict(run / MODEL, validation)
    figures = {
        "config": config,
        "parameters": parameters,
        "data": {
            "train": faces.train.counts(),
            "validation": validation.counts(),
            "dropped_duplicates": faces.dropped_duplicates,
            "validation_held_out": faces.held_out,
        },
        **figures_of(probabilities, validation),
        "quantization": None,
        "history": history.to_dict("records"),
    }
    if quantized is not None:
        figures["quantization"] = compare(probabilities, quantized, validation)
    write(run, figures, validation)
    return figures


def figures_of(probabilities: np.ndarray, faces: Faces) -> dict[str, Any]:
    """All that `metrics.evaluate` says, with the margin of its accuracy, calibration, the
    gravest mistakes.
    """
    labels = faces.labels
    metrics = evaluate(probabilities, labels, faces.names)
    accuracy = metrics["accuracy"]
    confusion = np.array(metrics["confusion"])
    rates = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return {
        "split": "validation",
        **metrics,
        # 95 % interval of a share by the normal approximation: chance alone moves it that far
        "accuracy_margin": 1.96 * math.sqrt(accuracy * (1 - accuracy) / metrics["n"]),
        "confusion_rates": rates.round(4).tolist(),
        "reliability": reliability(probabilities, labels),
        "mistakes": _gravest_mistakes(probabilities, faces),
    }


def _gravest_mistakes(probabilities: np.ndarray, faces: Faces) -> list[dict[str, Any]]:
    """The wrong predictions with the highest scores."""
    labels = faces.labels
    predicted = probabilities.argmax(axis=1)
    score = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    mistakes = []
    for row in wrong[np.argsort(-score[wrong], kind="stable")][:MISTAKES]:
        mistake = {
            "row": int(row),
            "label": faces.names[labels[row]],
            "predicted": faces.names[predicted[row]],
            "score": float(score[row]),
        }
        mistakes.append(mistake)
    return mistakes


def write(run: Path, figures: dict[str, Any], validation: Faces) -> None:
    """Write report.json, the PNGs and report.html into `run`."""
    (run / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    pictures = {}
    for path in _draw(run, figures, validation):
        pictures[path.stem] = base64.b64encode(path.read_bytes()).decode()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    page = template.render(
        name=run.resolve().name, labels=validation.names, pictures=pictures, **figures
    )
    (run / "report.html").write_text(page, encoding="utf-8")


def _read_run(run: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    if not (run / CONFIG).is_file():
        raise RunError(
            f"{run}: no run folder ({CONFIG} is missing)", "make one with `python -m train fit`"
        )
    if not zipfile.is_zipfile(run / MODEL):  # said at once, before seconds of import
        raise RunError(
            f"{run}: no whole {MODEL}, the run is not finished", "carry on with `fit --resume`"
        )
    config = json.loads((run / CONFIG).read_text())
    return config, pd.read_csv(run / HISTORY)


def _predict(path: Path, faces: Faces) -> tuple[int, np.ndarray]:
    """The model's number of parameters, and its probabilities (N, K)."""
    model = read_emotion_network(path, len(faces.names))
    return model.count_params(), model.predict(as_input(faces.images), batch_size=256, verbose=0)


def _draw(run: Path, figures: dict[str, Any], validation: Faces) -> list[Path]:
    """Draw the PNGs; a section without anything to show has none."""
    names = ["curves", "confusion", "reliability"]
    plots.save_curves(pd.DataFrame(figures["history"]), run / "curves.png")
    title = f"validation: {figures['accuracy']:.1%} of {figures['n']:,} faces"
    confusion = np.array(figures["confusion"])
    plots.save_confusion(confusion, run / "confusion.png", title, validation.names)
    plots.save_reliability(figures["reliability"], figures["ece"], run / "reliability.png")
    if figures["mistakes"]:
        names.append("mistakes")
        _draw_mistakes(figures["mistakes"], validation, run / "mistakes.png")
    if figures["quantization"]:
        names += ["quantization", "changes"]
        plots.save_quantization(figures["quantization"]["per_class"], run / "quantization.png")
        changes = figures["quantization"]["largest_changes"]
        _draw_changes(changes, validation, run / "changes.png")
    return [run / f"{name}.png" for name in names]


def _draw_mistakes(mistakes: list[dict[str, Any]], validation: Faces, path: Path) -> None:
    rows = []
    captions = []
    for one in mistakes:
        rows.append(one["row"])
        captions.append(f"label: {one['label']}\nmodel: {one['predicted']} {one['score']:.0%}")
    plots.save_faces(validation.images[rows], captions, path)


def _draw_changes(changes: list[dict[str, Any]], validation: Faces, path: Path) -> None:
    rows = []
    captions = []
    for one in changes:
        before = one["float"]
        after = one["int8"]
        rows.append(one["row"])
        captions.append(
            f"float: {before['emotion']} {before['score']:.0%}\n"
            f"int8: {after['emotion']} {after['score']:.0%}"
        )
    plots.save_faces(validation.images[rows], captions, path)
