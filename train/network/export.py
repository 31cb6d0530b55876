"""Turn the trained network into the one that is kept: emotions only, float32, calibrated."""

from typing import Any

import keras
import numpy as np

TEMPERATURES = np.geomspace(0.3, 3, 200)


def deployable(trained: keras.Model) -> keras.Model:
    """Return a plain float32 copy of `trained` that ends in its `emotion` layer."""
    copy = plain(_emotions(trained))
    take_weights(copy, trained)
    return copy


def plain(trained: keras.Model) -> keras.Model:
    """Return a copy of `trained`, with other weights, in float32 and of Keras' own parts where
    it has them.
    """

    def same(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config() | {"dtype": "float32"}
        # Constraints are of training only.
        config |= dict.fromkeys([key for key in config if key.endswith("_constraint")])
        kind = (
            keras.layers.BatchNormalization
            if isinstance(layer, keras.layers.BatchNormalization)
            else type(layer)
        )
        return kind.from_config(config)

    return keras.models.clone_model(trained, clone_function=same)


def take_weights(copy: keras.Model, trained: keras.Model) -> None:
    """Bring `copy`, made by `deployable`, up to date with `trained`."""
    copy.set_weights(_emotions(trained).get_weights())


def _emotions(trained: keras.Model) -> keras.Model:
    return keras.Model(trained.input, trained.get_layer("emotion").output, name=trained.name)


def calibrate(model: keras.Model, probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Divide the logits by the temperature that suits `labels` best, inside the last layer;
    return it.

    `probabilities` (N, 7) are what `model` says of the faces with these `labels` (N,). One
    number is fitted, by the likelihood: Guo et al. 2017, "On Calibration of Modern Neural
    Networks".
    """
    temperature = best_temperature(probabilities, labels)
    emotion: Any = model.get_layer("emotion")
    emotion.set_weights([weight / temperature for weight in emotion.get_weights()])
    return temperature


def best_temperature(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """The one of `TEMPERATURES` with the greatest likelihood of `labels`, weighted by `weights`
    (N,) where given.
    """
    logits = (
        np.log(np.maximum(probabilities, 1e-12))[np.newaxis]
        / TEMPERATURES[:, np.newaxis, np.newaxis]
    )
    normalizer = np.log(np.exp(logits).sum(axis=2))
    likelihood = np.average(
        logits[:, np.arange(len(labels)), labels] - normalizer, axis=1, weights=weights
    )
    return float(TEMPERATURES[likelihood.argmax()])
