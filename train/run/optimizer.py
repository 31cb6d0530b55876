"""Learning rate and averaged weights, for both networks: warm-up, cosine decay, an average over
the last steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Schedule:
    """The course of the learning rate over a whole run."""

    peak: float
    epochs: int
    steps: int
    """of an epoch"""
    warmup_epochs: float
    ema_span: float
    """share of the run over which the weights that are kept are averaged"""

    @property
    def total_steps(self) -> int:
        return self.epochs * self.steps

    def learning_rate(self) -> keras.optimizers.schedules.LearningRateSchedule:
        """From 0 up to the peak in the warm-up, then down to 0 along a cosine."""
        warmup = int(self.warmup_epochs * self.steps)
        decay = max(self.total_steps - warmup, 1)
        return keras.optimizers.schedules.CosineDecay(
            0.0, decay, warmup_target=self.peak, warmup_steps=warmup
        )

    def averaging(self) -> dict[str, Any]:
        """Arguments of a Keras optimizer that let it keep an exponential average of the weights."""
        momentum = max(0.0, 1 - 1 / (self.ema_span * self.total_steps))
        return {"use_ema": True, "ema_momentum": momentum}


def with_averaged_weights(model: keras.Model, take: Callable[[keras.Model], None]) -> None:
    """Show `model` with its averaged weights, the ones that will be kept, to `take`; then it is
    as before.
    """
    trained = model.get_weights()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    take(model)
    model.set_weights(trained)
