"""Event files of a run for TensorBoard: `tensorboard --logdir runs` draws training and
validation in one chart.
"""

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

VALIDATION_PREFIX = "val_"


class TensorBoardLog:
    """Appends to the event files below `folder`; a resumed run carries on in a new file beside
    the old.
    """

    def __init__(self, folder: Path) -> None:
        self._writers = {
            name: tf.summary.create_file_writer(str(folder / name))
            for name in ("training", "validation")
        }

    def write(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Write the figures of `epoch`, counted from 0 and shown from 1; `val_loss` becomes
        validation's `loss`.
        """
        for name, value in logs.items():
            split = "validation" if name.startswith(VALIDATION_PREFIX) else "training"
            with self._writers[split].as_default(step=epoch + 1):
                tf.summary.scalar(name.removeprefix(VALIDATION_PREFIX), value)
        for writer in self._writers.values():
            writer.flush()
