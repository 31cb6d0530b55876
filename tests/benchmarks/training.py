"""Images a second: the bare training step, the augmentation alone, and both as `train fit` runs them.

.venv-train/bin/python -m tests.benchmarks.training [--arch cnn] [--precision auto]
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

from tests.synthetic import faces
from train.config import FitConfig
from train.data.batches import Batch, batches, training_set
from train.run.precision import policy
from train.training_loop import compiled

FACES_PER_CLASS = 1000
WARM_UP = 5  # batches: the first ones trace and allocate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="cnn")
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()
    config = FitConfig("", arch=arguments.arch, precision=arguments.precision)
    cv2.setNumThreads(0)
    train = training_set(faces(FACES_PER_CLASS), config)
    model = compiled(config, steps=1000, outputs={"emotion": 7})
    fixed = next(batches(train, config, epoch=0))

    def learn(batch: Batch) -> None:
        model.train_on_batch(*batch)

    print(f"{arguments.arch}, {policy(arguments.precision)}, batches of {config.batch_size}")
    steps = len(train.images) // config.batch_size
    print(f"bare step           {rate(iter([fixed] * steps), learn):7.0f} images/s")
    print(f"augmentation alone  {rate(batches(train, config, 1), lambda batch: None):7.0f} images/s")
    print(f"both                {rate(batches(train, config, 2), learn):7.0f} images/s")


def rate(prepared: Iterator[Batch], use: Callable[[Batch], None]) -> float:
    """Images a second after the warm-up."""
    images = 0
    start = 0.0
    for number, batch in enumerate(prepared):
        if number == WARM_UP:
            start = time.perf_counter()
        use(batch)
        images += len(batch[0]) if number >= WARM_UP else 0
    return np.divide(images, time.perf_counter() - start)


if __name__ == "__main__":
    main()
