"""The training loop: epochs of augmented batches, each ending in a validation and a checkpoint."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from train.config import FitConfig
from train.data.batches import Batch, as_input, batch_count, batches, training_set
from train.data.faces import Faces, Fer2013
from train.network.architectures import build, load_weights, with_votes
from train.network.export import calibrate, deployable, take_weights
from train.remembering import figures
from train.report import plots
from train.report.metrics import evaluate
from train.run import checkpoint
from train.run.distributed import Step, Workers
from train.run.event_files import TensorBoardLog
from train.run.folder import METRICS, MODEL
from train.run.optimizer import Schedule, with_averaged_weights
from train.run.precision import policy
from train.run.progress import Means, Progress


def train(
    config: FitConfig, data: Fer2013, out: Path, before: Fer2013 | None = None
) -> dict[str, Any]:
    """Train on from the checkpoint in `out`, or from the start; return the validation metrics.
    Those of a run with `start` tell in `started` how good that network was, and in `remembered`
    what became of the faces `before`.

    Raises RunError where the checkpoint is another run's, WorkerLostError where a worker beside
    this one died.
    """
    cv2.setNumThreads(0)  # its threads on 48x48 pixels only get in TensorFlow's way
    keras.utils.set_random_seed(config.seed)
    workers = Workers()
    faces = training_set(data.train, config)
    steps = batch_count(len(data.train), config)
    widths = {name: columns.shape[1] for name, columns in faces.targets.items()}
    with workers.scope():
        model = compiled(config, steps, widths)
    columns = [*faces.targets.values(), *faces.weights.values()]
    fingerprint = checkpoint.fingerprint(faces.images, *columns)
    history = checkpoint.resume(model, out, fingerprint)
    _seed_dropout(model, config)
    kept = deployable(model)
    step = workers.step(model)
    board = TensorBoardLog(out / "tensorboard") if workers.index == 0 else None
    progress = Progress(len(history), config.epochs)
    with workers.watched():
        for epoch in range(len(history), config.epochs):
            prepared = batches(faces, config, epoch, workers.share)
            logs = _train_one_epoch(step, prepared, steps, progress.title(epoch))
            _take_averaged(kept, model)
            logs |= _validate(kept, data.validation)
            row = pd.DataFrame([{"epoch": epoch, **logs}])
            history = pd.concat([history, row], ignore_index=True)
            if board:
                checkpoint.save(model, history, out, fingerprint)
                board.write(epoch, logs)
                print(progress.line(epoch, logs), flush=True)
        _take_averaged(kept, model)  # again, for a run that was killed after its last epoch
    leads = workers.index == 0
    metrics = summarize(kept, history, data, out if leads else None)
    if config.start and leads:
        metrics |= _compared(kept, started(config), data.validation, before)
        written = json.loads((out / METRICS).read_text()) | metrics
        (out / METRICS).write_text(json.dumps(written, indent=1) + "\n")
    return metrics


def _train_one_epoch(
    step: Step, prepared: Iterator[Batch], total: int, title: str
) -> dict[str, float]:
    """Return the epoch's mean loss and accuracy on the augmented faces.

    Batch by batch where one expects `Model.fit`: on two cores it ran 200 images a second, fit's own
    iterator 99, with 13 s of page faults every 30 batches (Keras 3.15, TensorFlow 2.21).
    """
    means = Means()
    bar = tqdm(prepared, title, total, leave=False, disable=None)
    for batch in bar:
        logs = step(*batch)
        name = "emotion_accuracy" if "emotion_accuracy" in logs else "accuracy"
        means.add({"loss": logs["loss"], "accuracy": logs[name]})
        bar.set_postfix(means.values, refresh=False)
    return means.values


def _take_averaged(kept: keras.Model, model: keras.Model) -> None:
    with_averaged_weights(model, lambda trained: take_weights(kept, trained))


def _validate(kept: keras.Model, faces: Faces) -> dict[str, float]:
    probabilities = kept.predict(as_input(faces.images), batch_size=256, verbose=0)
    chosen = probabilities[np.arange(len(faces)), faces.labels]
    loss = -np.log(np.maximum(chosen, 1e-7)).mean()
    accuracy = (probabilities.argmax(axis=1) == faces.labels).mean()
    return {"val_loss": float(loss), "val_accuracy": float(accuracy)}


def _seed_dropout(model: keras.Model, config: FitConfig) -> None:
    """Let the masks follow from seed and step."""
    number = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            state = [config.seed + number, checkpoint.iterations(model)]
            layer.seed_generator.state.assign(state)
            number += 1


def started(config: FitConfig) -> keras.Model:
    """The network that `config` starts from, telling its classes."""
    model = build(config.arch, "float32", False, len(config.classes), **config.network)
    load_weights(model, Path(config.start), config.classes)
    return model


def _compared(
    after: keras.Model, before: keras.Model, validation: Faces, remembered: Fer2013 | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"started": figures(before, validation)}
    if remembered:
        held = remembered.split("validation")
        found["remembered"] = {"before": figures(before, held), "after": figures(after, held)}
    return found


def compiled(config: FitConfig, steps: int, outputs: dict[str, int]) -> keras.Model:
    """Build the network with its optimizer and its losses; `outputs` are "emotion" and perhaps
    "votes", each with its number of columns.
    """
    precision = policy(config.precision)
    classes = config.classes
    model = build(config.arch, precision, config.pretrained, len(classes), **config.network)
    if config.start:
        load_weights(model, Path(config.start), classes)
    # Soft targets say better than smoothing which labels are doubtful.
    smoothing = 0.0 if config.soft_targets else config.label_smoothing
    losses = {"emotion": keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)}
    weights = {"emotion": 1.0}
    if "votes" in outputs:
        model = with_votes(model, outputs["votes"])
        losses["votes"] = keras.losses.CategoricalCrossentropy()
        weights["votes"] = config.votes_weight
    else:
        model = keras.Model(model.input, {"emotion": model.output})
    model.compile(
        _optimizer(config, steps),
        losses,
        loss_weights=weights,
        metrics={"emotion": ["accuracy"]},
        jit_compile=keras.backend.backend() == "jax",  # without it JAX goes operator by operator
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _optimizer(config: FitConfig, steps: int) -> keras.optimizers.Optimizer:
    peak = config.peak_learning_rate
    schedule = Schedule(peak, config.epochs, steps, config.warmup_epochs, config.ema_span)
    rate = schedule.learning_rate()
    averaging = schedule.averaging()
    if config.optimizer == "adam":
        return keras.optimizers.Adam(rate, **averaging)
    return keras.optimizers.SGD(rate, momentum=config.momentum, nesterov=True, **averaging)


def summarize(
    model: keras.Model, history: pd.DataFrame, data: Fer2013, out: Path | None
) -> dict[str, Any]:
    """Calibrate `model` and evaluate it on validation.

    Writes model.keras, metrics.json and the pictures into `out`, if given.
    """
    images = as_input(data.validation.images)
    labels = data.validation.labels
    temperature = calibrate(model, model.predict(images, batch_size=256, verbose=0), labels)
    names = data.validation.names
    metrics = evaluate(model.predict(images, batch_size=256, verbose=0), labels, names)
    if out is None:
        return metrics
    model.save(out / MODEL)
    dataset = {
        "train": len(data.train),
        "validation": len(data.validation),
        "dropped_duplicates": data.dropped_duplicates,
        "validation_held_out": data.held_out,
    }
    written = {"split": "validation", **metrics, "temperature": temperature, "data": dataset}
    (out / METRICS).write_text(json.dumps(written, indent=1) + "\n")
    plots.save_curves(history, out / "curves.png")
    title = f"validation: {metrics['accuracy']:.1%} of {metrics['n']} faces"
    plots.save_confusion(np.array(metrics["confusion"]), out / "confusion.png", title, names)
    return metrics
