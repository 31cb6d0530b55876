"""Train a classifier into a run folder; killed at any moment, `--resume` carries on from the last epoch."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
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
from train.data import DataError, Faces, Fer2013, load
from train.metrics import evaluate

CHECKPOINT = "checkpoint.keras"


@dataclass(frozen=True)
class FitConfig:
    """What defines a run; saved beside it, and a resumed run must be given the same."""

    data: str
    arch: str = "cnn"
    epochs: int = 40
    seed: int = 1
    batch_size: int = 64  # two cores: larger batches leave the cache and lose a tenth of the speed
    learning_rate: float = 0.05  # peak; SGD, 0.1 per 128 faces
    warmup_epochs: float = 1.0  # batch norm's statistics settle before the full step size
    momentum: float = 0.9
    label_smoothing: float = 0.1  # FER2013's labels are wrong or doubtful for about a tenth of the faces
    ema_span: float = 0.02  # of the run: the weights kept are averaged over about this last part


def fit(config: FitConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """Train as `config` says into the folder `out` and return the validation metrics.

    Leaves config.json, history.csv, model.keras, metrics.json, curves.png and confusion.png. Raises DataError
    where the data cannot be used, or where `out` holds another run.
    """
    data = load(config.data)
    train, validation = data.split("train"), data.split("validation")
    _open_run(config, out, resume)
    print(describe(data), flush=True)
    cv2.setNumThreads(0)  # its threads on 48x48 pixels only get in TensorFlow's way
    keras.utils.set_random_seed(config.seed)
    steps = batch_count(train, config)
    if (out / CHECKPOINT).exists():
        model, history = _restored(out, steps)
    else:
        model, history = compiled(config, steps), pd.DataFrame()
    for epoch in range(len(history), config.epochs):
        logs = _train_one_epoch(model, train, config, epoch)
        logs |= _validate(model, validation)
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
    epochs = int(model.optimizer.iterations) // steps
    print(f"resuming {out} after epoch {epochs}", flush=True)
    return model, pd.read_csv(out / "history.csv").head(epochs)


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


def describe(data: Fer2013) -> str:
    """The data set in one line."""
    note = "; validation is a held-out tenth of training" if data.held_out else ""
    return (
        f"{len(data.train)} training faces ({data.dropped_twins} twins of validation or test faces dropped), "
        f"{len(data.validation)} validation, {len(data.test)} test{note}"
    )


def batch_count(faces: Faces, config: FitConfig) -> int:
    return max(1, round(len(faces) / config.batch_size))


def as_input(images: np.ndarray) -> np.ndarray:
    """(N, 48, 48) uint8 to the network's (N, 48, 48, 1) float32, still 0 to 255."""
    return images[..., np.newaxis].astype(np.float32)


def one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(len(LABELS), dtype=np.float32)[labels]


def _open_run(config: FitConfig, out: Path, resume: bool) -> None:
    """Make the run folder, or check that the one to resume was started with the same settings."""
    saved = out / "config.json"
    if not saved.exists():
        if out.exists() and any(out.iterdir()):
            raise DataError(f"{out}: not empty and no run folder; choose another --out")
        out.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(asdict(config), indent=1) + "\n")
        return
    if not resume:
        raise DataError(f"{out}: holds a run already; add --resume to carry on, or choose another --out")
    before, now = json.loads(saved.read_text()), asdict(config)
    changed = [
        f"{key} (was {before.get(key)}, now {now[key]})" for key in now if key != "data" and now[key] != before.get(key)
    ]
    if changed:
        raise DataError(
            f"{out}: started with other settings: {', '.join(changed)}; repeat them or choose another --out"
        )
