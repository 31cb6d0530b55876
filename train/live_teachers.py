"""Live teachers: networks that have learned already say what each augmented face shows, and the student follows them.

A target that is laid down for a face says nothing of the thousand forms that augmentation gives it, and in the end it is
learned by heart (Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and consistent").
"""

from collections.abc import Iterator

import keras
import numpy as np

from train.batches import Batch
from train.fit import RECIPES
from train.precision import JIT


def load_teachers(names: list[str]) -> list[keras.Model]:
    """Read the .keras files `names`, in train/recipes where they are relative."""
    teachers = [keras.models.load_model(RECIPES / name, compile=False) for name in names]
    for teacher in teachers:
        teacher.compile(jit_compile=JIT)
    return teachers


def taught(prepared: Iterator[Batch], teachers: list[keras.Model], share: float) -> Iterator[Batch]:
    """Let the mean of what `teachers` say be `share` of each batch's emotion targets, (B, 7)."""
    for images, targets, weights in prepared:
        opinion = np.mean([teacher.predict_on_batch(images) for teacher in teachers], axis=0)
        emotion = share * opinion + (1 - share) * targets["emotion"]
        yield images, targets | {"emotion": emotion.astype(np.float32)}, weights
