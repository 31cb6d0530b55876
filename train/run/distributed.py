"""More than one machine, by TensorFlow's standard TF_CONFIG: each worker trains on its share of
every batch.

Every worker runs the same command on the same data and sees the same run folder; the first one
writes it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from train.errors import ConfigError, WorkerLostError

Step = Callable[..., dict[str, Any]]


def worker() -> tuple[int, int]:
    """Return (index, count) of this process by TF_CONFIG, (0, 1) where there is none; raises
    ConfigError.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return 0, 1
    try:
        settings = json.loads(text)
        workers, index = settings["cluster"]["worker"], settings["task"]["index"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f'TF_CONFIG={text!r}: expected {{"cluster": {{"worker": ["host:port", ...]}}, '
            '"task": {"type": "worker", "index": 0}}',
            "correct the variable, or unset it to train on this machine alone",
        ) from error
    return int(index), len(workers)


class Workers:
    """This process among its peers; alone where TF_CONFIG does not say otherwise.

    Must be made before anything else of TensorFlow's runs: it joins the cluster, and waits for
    the others.
    """

    def __init__(self) -> None:
        self.index, self.count = worker()
        self._strategy: Any = None
        if self.count > 1:
            import tensorflow as tf

            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()

    @property
    def share(self) -> slice:
        """The rows of each batch that are this worker's."""
        return slice(self.index, None, self.count)

    def scope(self) -> AbstractContextManager[Any]:
        """Variables made inside are kept equal on all workers."""
        return self._strategy.scope() if self._strategy else nullcontext()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Raises WorkerLostError where a worker has gone: the next exchange of values fails,
        wherever that is.
        """
        if not self._strategy:
            yield
            return
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            line = str(error).split("\n")[0]
            raise WorkerLostError(
                f"a worker was lost ({line})", "start all of them again with --resume"
            ) from error

    def step(self, model: Any) -> Step:
        """Return what trains `model` on one batch (images, targets, weights) and gives loss and
        metrics.
        """
        if not self._strategy:
            return lambda *batch: model.train_on_batch(*batch, return_dict=True)
        import tensorflow as tf

        strategy = self._strategy

        # Keras 3's own reduces scalars along an axis, and fails.
        @tf.function
        def distributed(*batch: Any) -> dict[str, Any]:
            logs = strategy.run(model.train_step, args=(batch,))
            return {name: strategy.reduce("MEAN", value, axis=None) for name, value in logs.items()}

        def step(*batch: Any) -> dict[str, Any]:
            model.reset_metrics()
            return distributed(*batch)

        return step
