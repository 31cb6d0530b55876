"""Put trained networks together into one that gives the mean of their logits."""

from pathlib import Path

import keras
import numpy as np

from train.config import FitConfig
from train.errors import ConfigError, NetworkError
from train.network.architectures import build
from train.network.cnn import MEMBERS
from train.network.export import deployable
from train.network.loading import read_emotion_network


def assemble(config: FitConfig, members: list[Path]) -> keras.Model:
    """Return the committee of `config` with the weights of `members`, .keras files in its order.

    Raises ConfigError where the recipe is of no committee of so many, NetworkError where a
    member is not of the size that it names.
    """
    model = build(config.arch, **config.network)
    if config.arch != "committee":
        raise ConfigError(
            f"expected the recipe of a committee, found arch {config.arch!r}", "give --recipe large"
        )
    pooled = model.get_layer(MEMBERS).input
    if len(members) != len(pooled):
        raise ConfigError(
            f"the recipe has {len(pooled)} members, {len(members)} files are given",
            "give one file for each, in the recipe's order",
        )
    kernels = []
    biases = []
    for path, features in zip(members, pooled, strict=True):
        *weights, kernel, bias = read_emotion_network(path).get_weights()
        branch = keras.Model(model.input, features)
        if [weight.shape for weight in weights] != [
            tuple(weight.shape) for weight in branch.weights
        ]:
            raise NetworkError(
                f"{path}: its weights are not those of this member of the recipe",
                "give the files in the recipe's order, each trained with the sizes that it names",
            )
        branch.set_weights(weights)
        kernels.append(kernel / len(members))
        biases.append(bias)
    model.get_layer("emotion").set_weights([np.concatenate(kernels), np.mean(biases, axis=0)])
    return deployable(model)
