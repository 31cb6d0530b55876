"""The training itself: epochs of augmented batches, each ending in a validation and a checkpoint."""

import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from train import plots
from train.architectures import build, with_votes
from train.batches import TrainingSet, as_input, batch_count, batches, training_set
from train.data import DataError, Faces, Fer2013
from train.export import calibrate, deployable
from train.fit import FitConfig
from train.metrics import evaluate
from train.precision import policy

CHECKPOINT = "checkpoint.keras"


def train(config: FitConfig, data: Fer2013, out: Path) -> dict[str, Any]:
    """Train on from the checkpoint in `out`, or from the start; return the validation metrics."""
    cv2.setNumThreads(0)  # its threads on 48x48 pixels only get in TensorFlow's way
    keras.utils.set_random_seed(config.seed)
    faces, steps = training_set(data.train, config), batch_count(len(data.train), config)
    if (out / CHECKPOINT).exists():
        model, history = _restored(out, steps)
    else:
        model, history = compiled(config, steps, list(faces.targets)), pd.DataFrame()
    _seed_dropout(model, config)
    for epoch in range(len(history), config.epochs):
        logs = _train_one_epoch(model, faces, config, epoch)
        logs |= _validate(model, data.validation)
        history = pd.concat([history, pd.DataFrame([{"epoch": epoch, **logs}])], ignore_index=True)
        _save(model, history, out)
        print(f"epoch {epoch + 1}/{config.epochs}  " + "  ".join(f"{k} {v:.4f}" for k, v in logs.items()), flush=True)
    model.optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights are the ones to keep
    return summarize(deployable(model), history, data, out)


def _train_one_epoch(model: keras.Model, faces: TrainingSet, config: FitConfig, epoch: int) -> dict[str, float]:
    """Return the epoch's mean loss and accuracy on the augmented faces.

    `train_on_batch` where one expects `Model.fit`: on two cores it ran 200 images a second, fit's own
    iterator 99, with 13 s of page faults every 30 batches (Keras 3.15, TensorFlow 2.21).
    """
    model.reset_metrics()  # else Keras averages over all epochs so far
    total = batch_count(len(faces.images), config)
    title = f"epoch {epoch + 1}/{config.epochs}"
    progress = tqdm(batches(faces, config, epoch), title, total, leave=False, disable=None)
    logs: dict[str, Any] = {}
    for images, targets, weights in progress:
        logs = model.train_on_batch(images, targets, weights, return_dict=True)
        progress.set_postfix(loss=f"{float(logs['loss']):.3f}", refresh=False)
    accuracy = next(float(logs[name]) for name in ("emotion_accuracy", "accuracy") if name in logs)
    return {"loss": float(logs["loss"]), "accuracy": accuracy}


def _validate(model: keras.Model, faces: Faces) -> dict[str, float]:
    """Judge the averaged weights, the ones that will be kept."""
    averaged = keras.callbacks.SwapEMAWeights()
    probabilities = model.predict(as_input(faces.images), batch_size=256, verbose=0, callbacks=[averaged])["emotion"]
    chosen = probabilities[np.arange(len(faces)), faces.labels]
    accuracy = (probabilities.argmax(axis=1) == faces.labels).mean()
    return {"val_loss": float(-np.log(np.maximum(chosen, 1e-7)).mean()), "val_accuracy": float(accuracy)}


def _save(model: keras.Model, history: pd.DataFrame, out: Path) -> None:
    """Write history, then weights and optimizer state, each by one atomic rename."""
    history.to_csv(out / "history.csv.part", index=False)
    (out / "history.csv.part").replace(out / "history.csv")
    model.save(out / f"part-{CHECKPOINT}")
    (out / f"part-{CHECKPOINT}").replace(out / CHECKPOINT)


def _restored(out: Path, steps: int) -> tuple[keras.Model, pd.DataFrame]:
    """Load the last checkpoint, and the history as far as it reaches."""
    model = keras.models.load_model(out / CHECKPOINT)
    epochs, rest = divmod(int(model.optimizer.iterations), steps)
    if rest:
        raise DataError(
            f"{out}: started on another number of training faces; give it the same --data, or another --out"
        )
    print(f"resuming {out} after epoch {epochs}", flush=True)
    return model, pd.read_csv(out / "history.csv").head(epochs)


def _seed_dropout(model: keras.Model, config: FitConfig) -> None:
    """Let the masks follow from seed and step: Keras does not save where a Dropout layer's generator stands."""
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    for number, layer in enumerate(dropouts):
        layer.seed_generator.state.assign([config.seed + number, int(model.optimizer.iterations)])


def compiled(config: FitConfig, steps: int, outputs: list[str]) -> keras.Model:
    """Build the network with its optimizer, warm-up, cosine decay and averaged weights."""
    model = build(config.arch, policy(config.precision))
    model = with_votes(model) if "votes" in outputs else keras.Model(model.input, {"emotion": model.output})
    total, warmup = config.epochs * steps, int(config.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(total - warmup, 1), warmup_target=config.learning_rate, warmup_steps=warmup
    )
    averaging = {"use_ema": True, "ema_momentum": max(0.0, 1 - 1 / (config.ema_span * total))}
    if config.optimizer == "adam":
        optimizer: keras.optimizers.Optimizer = keras.optimizers.Adam(schedule, **averaging)
    else:
        optimizer = keras.optimizers.SGD(schedule, momentum=config.momentum, nesterov=True, **averaging)
    smoothing = 0.0 if config.soft_targets else config.label_smoothing  # teachers say better what is doubtful
    losses = {
        "emotion": keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
        "votes": keras.losses.CategoricalCrossentropy(),
    }
    model.compile(
        optimizer,
        {name: losses[name] for name in outputs},
        loss_weights={name: {"emotion": 1.0, "votes": config.votes_weight}[name] for name in outputs},
        metrics={"emotion": ["accuracy"]},
        jit_compile=False,
    )
    return model


def summarize(model: keras.Model, history: pd.DataFrame, data: Fer2013, out: Path) -> dict[str, Any]:
    """Calibrate `model`, judge it on validation, write model.keras, metrics.json and the pictures."""
    images, labels = as_input(data.validation.images), data.validation.labels
    temperature = calibrate(model, model.predict(images, batch_size=256, verbose=0), labels)
    model.save(out / "model.keras")
    metrics = evaluate(model.predict(images, batch_size=256, verbose=0), labels)
    dataset = {
        "train": len(data.train),
        "validation": len(data.validation),
        "dropped_twins": data.dropped_twins,
        "validation_held_out": data.held_out,
    }
    written = {"split": "validation", **metrics, "temperature": temperature, "data": dataset}
    (out / "metrics.json").write_text(json.dumps(written, indent=1) + "\n")
    plots.save_curves(history, out / "curves.png")
    title = f"validation: {metrics['accuracy']:.1%} of {metrics['n']} faces"
    plots.save_confusion(np.array(metrics["confusion"]), out / "confusion.png", title)
    return metrics
