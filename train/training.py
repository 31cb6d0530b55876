"""The training itself: epochs of augmented batches, each ending in a validation and a checkpoint."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from edge.contract import LABELS
from train import plots
from train.architectures import ARCHITECTURES
from train.augmentation import augment
from train.data import DataError, Faces, Fer2013
from train.fit import FitConfig
from train.metrics import evaluate

CHECKPOINT = "checkpoint.keras"


def train(config: FitConfig, data: Fer2013, out: Path) -> dict[str, Any]:
    """Train on from the checkpoint in `out`, or from the start; return the validation metrics."""
    cv2.setNumThreads(0)  # its threads on 48x48 pixels only get in TensorFlow's way
    keras.utils.set_random_seed(config.seed)
    steps = batch_count(data.train, config)
    if (out / CHECKPOINT).exists():
        model, history = _restored(out, steps)
    else:
        model, history = compiled(config, steps), pd.DataFrame()
    _seed_dropout(model, config)
    for epoch in range(len(history), config.epochs):
        logs = _train_one_epoch(model, data.train, config, epoch)
        logs |= _validate(model, data.validation)
        history = pd.concat([history, pd.DataFrame([{"epoch": epoch, **logs}])], ignore_index=True)
        _save(model, history, out)
        print(f"epoch {epoch + 1}/{config.epochs}  " + "  ".join(f"{k} {v:.4f}" for k, v in logs.items()), flush=True)
    model.optimizer.finalize_variable_values(model.trainable_variables)  # the averaged weights are the ones to keep
    model.save(out / "model.keras")
    return summarize(model, history, data, out)


def batches(faces: Faces, config: FitConfig, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield one epoch of shuffled, freshly augmented batches, prepared ahead in a thread.

    Seed, epoch and batch number alone decide what they hold: a resumed run sees what an unbroken one sees.
    """
    order = np.random.default_rng([config.seed, epoch]).permutation(len(faces))
    rows = np.array_split(order, batch_count(faces, config))

    def prepare(index: int) -> np.ndarray:
        return augment(faces.images[rows[index]], np.random.default_rng([config.seed, epoch, index]))

    with ThreadPoolExecutor(1) as pool:
        for chosen, images in zip(rows, pool.map(prepare, range(len(rows))), strict=True):
            yield as_input(images), one_hot(faces.labels[chosen])


def _train_one_epoch(model: keras.Model, faces: Faces, config: FitConfig, epoch: int) -> dict[str, float]:
    """Return the epoch's mean loss and accuracy on the augmented faces.

    `train_on_batch` where one expects `Model.fit`: on two cores it ran 200 images a second, fit's own
    iterator 99, with 13 s of page faults every 30 batches (Keras 3.15, TensorFlow 2.21).
    """
    total = batch_count(faces, config)
    means = np.zeros(2)  # loss, accuracy
    progress = tqdm(
        batches(faces, config, epoch), f"epoch {epoch + 1}/{config.epochs}", total, leave=False, disable=None
    )
    for done, (images, targets) in enumerate(progress):
        logs = model.train_on_batch(images, targets, return_dict=True)
        means += (np.array([float(logs["loss"]), float(logs["accuracy"])]) - means) / (done + 1)
        progress.set_postfix(loss=f"{means[0]:.3f}", accuracy=f"{means[1]:.3f}", refresh=False)
    return {"loss": means[0], "accuracy": means[1]}


def _validate(model: keras.Model, faces: Faces) -> dict[str, float]:
    """Judge the averaged weights, the ones that will be kept."""
    averaged = [keras.callbacks.SwapEMAWeights()]
    targets = one_hot(faces.labels)
    logs = model.evaluate(as_input(faces.images), targets, 256, verbose=0, callbacks=averaged, return_dict=True)
    return {f"val_{name}": float(value) for name, value in logs.items()}


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


def compiled(config: FitConfig, steps: int) -> keras.Model:
    """Build the network with SGD, Nesterov momentum, warm-up, cosine decay and averaged weights."""
    model = ARCHITECTURES[config.arch]()
    total, warmup = config.epochs * steps, int(config.warmup_epochs * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(total - warmup, 1), warmup_target=config.learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.SGD(
        schedule,
        momentum=config.momentum,
        nesterov=True,
        use_ema=True,
        ema_momentum=max(0.0, 1 - 1 / (config.ema_span * total)),
    )
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"], jit_compile=False)
    return model


def summarize(model: keras.Model, history: pd.DataFrame, data: Fer2013, out: Path) -> dict[str, Any]:
    """Judge `model` on validation; write metrics.json and the pictures."""
    probabilities = model.predict(as_input(data.validation.images), batch_size=256, verbose=0)
    metrics = evaluate(probabilities, data.validation.labels)
    dataset = {
        "train": len(data.train),
        "validation": len(data.validation),
        "dropped_twins": data.dropped_twins,
        "validation_held_out": data.held_out,
    }
    (out / "metrics.json").write_text(json.dumps({"split": "validation", **metrics, "data": dataset}, indent=1) + "\n")
    plots.save_curves(history, out / "curves.png")
    title = f"validation: {metrics['accuracy']:.1%} of {metrics['n']} faces"
    plots.save_confusion(np.array(metrics["confusion"]), out / "confusion.png", title)
    return metrics


def batch_count(faces: Faces, config: FitConfig) -> int:
    return max(1, round(len(faces) / config.batch_size))


def as_input(images: np.ndarray) -> np.ndarray:
    """(N, 48, 48) uint8 to the network's (N, 48, 48, 1) float32, still 0 to 255."""
    return images[..., np.newaxis].astype(np.float32)


def one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(len(LABELS), dtype=np.float32)[labels]
