"""Train the face detector into a run folder; killed at any moment, `--resume` carries on from
the last epoch.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pandas as pd
from tqdm import tqdm

from train.data.fer2013 import load as load_faces
from train.detector import plots, start
from train.detector.config import DetectorConfig
from train.detector.evaluate import evaluate
from train.detector.losses import LOSSES, WEIGHTS
from train.detector.metrics import FALSE_ALARMS, Curve
from train.detector.network import COPY_SHAPE, detector
from train.detector.photos import Photos, load
from train.detector.scenes.drawing import Scenes
from train.detector.scenes.targets import assign
from train.errors import DataError
from train.network.export import plain
from train.run import checkpoint
from train.run.event_files import TensorBoardLog
from train.run.folder import METRICS, MODEL, open_run
from train.run.optimizer import Schedule, with_averaged_weights
from train.run.precision import policy
from train.run.prefetch import prefetched
from train.run.progress import Means, Progress

EVALUATE_EVERY = 5  # epochs

Batch = tuple[np.ndarray, dict[str, np.ndarray]]


def fit(config: DetectorConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """Train as `config` says into the folder `out`; return recall and false alarms on the
    held-out photos.

    Leaves config.json, history.csv, model.keras and metrics.json. Raises DataError where the
    data cannot be used, RunError where `out` holds another run.
    """
    photos = load(Path(config.photos))
    faces = load_faces(config.data).split("train").images
    steps = len(photos.training) // config.batch_size
    if not steps:
        raise DataError(
            f"{config.photos}: expected at least a batch of {config.batch_size} photos, found {len(photos.training)}",
            "add photos, or give a smaller --batch-size",
        )
    open_run(config, out, resume)
    print(
        f"{len(photos.training)} photos, {len(photos.held_out)} held out, {len(faces)} faces to paste",
        flush=True,
    )
    cv2.setNumThreads(0)  # the scenes come from a thread beside TensorFlow's
    keras.utils.set_random_seed(config.seed)
    data = _fingerprint(faces, photos)
    model = compiled(config, steps)
    training = photos.training
    if config.start:
        training = start.begin(model, Path(config.start), training)
    history = checkpoint.resume(model, out, data)
    kept = plain(detector(COPY_SHAPE))  # float32, whatever it is trained in
    board = TensorBoardLog(out / "tensorboard")
    scenes = Scenes(training, faces, config.bad_light)
    progress = Progress(len(history), config.epochs)
    for epoch in range(len(history), config.epochs):
        prepared = batches(scenes, config, epoch, steps)
        logs = _train_one_epoch(model, prepared, steps, progress.title(epoch))
        if (epoch + 1) % EVALUATE_EVERY == 0 or epoch + 1 == config.epochs:
            _take_averaged(kept, model)
            logs |= figures(evaluate(kept, photos.held_out))
        history = pd.concat([history, pd.DataFrame([{"epoch": epoch, **logs}])], ignore_index=True)
        checkpoint.save(model, history, out, data)
        board.write(epoch, logs)
        print(progress.line(epoch, logs), flush=True)
    _take_averaged(kept, model)
    return _summarize(kept, history, photos, len(faces), out)


def _fingerprint(faces: np.ndarray, photos: Photos) -> str:
    columns = [faces]
    for photo in photos.training:
        columns += [photo.gray, photo.boxes, photo.scores, photo.landmarks]
    return checkpoint.fingerprint(*columns)


def _take_averaged(kept: keras.Model, model: keras.Model) -> None:
    with_averaged_weights(model, lambda trained: kept.set_weights(trained.get_weights()))


def compiled(config: DetectorConfig, steps: int) -> keras.Model:
    """Build the network with its optimizer, warm-up, cosine decay and averaged weights."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy(config.precision))
    try:
        model = detector()
    finally:
        keras.config.set_dtype_policy(before)
    schedule = Schedule(
        config.learning_rate, config.epochs, steps, config.warmup_epochs, config.ema_span
    )
    optimizer = keras.optimizers.AdamW(
        schedule.learning_rate(), config.weight_decay, **schedule.averaging()
    )
    model.compile(optimizer, LOSSES, loss_weights=WEIGHTS, jit_compile=False)
    optimizer.build(model.trainable_variables)
    return model


def batches(scenes: Scenes, config: DetectorConfig, epoch: int, steps: int) -> Iterator[Batch]:
    """Yield `steps` batches of frames, (B, 192, 256, 1) float32, and targets.

    Seed, epoch and batch number alone decide what they hold: a resumed run sees what an
    unbroken one sees.
    """

    def prepare(step: int) -> Batch:
        rng = np.random.default_rng([config.seed, epoch, step])
        drawn = [scenes.draw(rng) for _ in range(config.batch_size)]
        frames = np.stack([scene.gray for scene in drawn])[..., np.newaxis].astype(np.float32)
        return frames, _stacked(list(map(assign, drawn)))

    return prefetched(prepare, steps)


def _stacked(targets: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    stacked = {}
    for name in targets[0]:
        stacked[name] = np.stack([target[name] for target in targets])
    return stacked


def figures(curve: Curve) -> dict[str, float]:
    """The threshold for `FALSE_ALARMS`, and the recall there."""
    threshold = curve.threshold(FALSE_ALARMS)
    return {"threshold": threshold, "recall": curve.recall(threshold)}


def _train_one_epoch(
    model: keras.Model, prepared: Iterator[Batch], total: int, title: str
) -> dict[str, float]:
    """Return the epoch's mean losses."""
    means = Means()
    for batch in tqdm(prepared, title, total, leave=False, disable=None):
        means.add(model.train_on_batch(*batch, return_dict=True))
    return means.values


def _summarize(
    model: keras.Model, history: pd.DataFrame, photos: Photos, faces: int, out: Path
) -> dict[str, Any]:
    strict = evaluate(model, photos.held_out, least_iou=0.5)
    loose = evaluate(model, photos.held_out, least_iou=0.3)
    threshold = strict.threshold(FALSE_ALARMS)
    metrics = {
        "threshold": threshold,
        "faces": len(strict.faces),
        "face_free_photos": strict.face_free,
        "recall_iou_0.5": strict.recall(threshold),
        "recall_iou_0.3": loose.recall(threshold),
        "false_alarms_per_500": strict.false_alarms(threshold),
        "data": {
            "photos": len(photos.training),
            "held_out": len(photos.held_out),
            "pasted_faces": faces,
        },
    }
    model.save(out / MODEL)
    (out / METRICS).write_text(json.dumps(metrics, indent=1) + "\n")
    plots.save_curves(history, out / "curves.png")
    plots.save_recall({"held-out photos, float": (strict, threshold)}, out / "recall.png")
    return metrics
