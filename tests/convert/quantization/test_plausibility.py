"""Networks that are wrong as float and int8 alike are told apart, and each fault is named with what to do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convert.quantization.plausibility import check_plausible, fit, probability_faults
from edge.contract import LABELS
from edge.errors import ModelError
from tests.synthetic import faces
from train.data.faces import Faces

FACES = faces(60, 1)
SKILL = 0.6  # of the faces
ALPHABETICAL = sorted(LABELS)


class Network:
    """Knows the right answer for `SKILL` of the faces, and `says` it in its own form.

    Pixels outside the range that it `expects` get an answer without any knowledge.
    """

    def __init__(self, says: Callable[[np.ndarray], np.ndarray], expects: tuple[float, float] = (0, 255)) -> None:
        rng = np.random.default_rng(0)
        guessed = np.where(rng.random(len(FACES)) < SKILL, FACES.labels, rng.integers(0, 7, len(FACES)))
        self._answers = says(0.04 + 0.72 * np.eye(7)[guessed])
        self._lost = says(np.full((len(FACES), 7), 1 / 7))
        self._expects = expects

    def predict(self, pixels: np.ndarray, batch_size: int, verbose: int) -> np.ndarray:
        low, high = self._expects
        span = high - low
        inside = pixels.min() >= low and low + 0.9 * span < pixels.max() <= high and pixels.min() < low + 0.2 * span
        return self._answers if inside else self._lost


def as_it_is(probabilities: np.ndarray) -> np.ndarray:
    return probabilities


def alphabetical(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[:, [LABELS.index(label) for label in ALPHABETICAL]]


def logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities)


def faults(network: Network) -> str:
    with pytest.raises(ModelError) as caught:
        check_plausible(Path("a.keras"), network, FACES)
    return str(caught.value)


def test_a_network_that_fits_the_device_passes() -> None:
    check_plausible(Path("a.keras"), Network(as_it_is), FACES)


def test_another_order_of_labels_is_named() -> None:
    said = faults(Network(alphabetical))
    assert f"its outputs stand in the order {', '.join(ALPHABETICAL)} (right on 6" in said
    assert f"expected {', '.join(LABELS)}" in said


@pytest.mark.parametrize(
    ("expects", "name", "layer"),
    [
        ((0, 1), "0 to 1", "Rescaling(0.00392156862745098, 0.0)"),
        ((-1, 1), "-1 to 1", "Rescaling(0.00784313725490196, -1.0)"),
    ],
)
def test_another_range_of_pixels_is_named_with_the_layer_that_helps(
    expects: tuple[float, float], name: str, layer: str
) -> None:
    said = faults(Network(as_it_is, expects))
    assert f"expects pixels of {name}, the device gives 0 to 255" in said
    assert layer in said
    assert "order" not in said


def test_a_missing_softmax_is_named() -> None:
    said = faults(Network(logits))
    assert "expected probabilities that sum to 1" in said and "end the network in a softmax" in said
    assert "order" not in said and "pixels" not in said
    assert probability_faults(np.full((3, 7), np.nan))
    assert probability_faults(np.full((3, 7), 0.5))  # seven sigmoids


def test_all_faults_are_told_at_once() -> None:
    said = faults(Network(lambda p: logits(alphabetical(p)), (0, 1)))
    assert all(
        words in said for words in ("softmax", "pixels of 0 to 1", "in the order angry, disgust, fear, happy, neutral")
    )


def test_a_network_without_skill_is_refused_however_its_labels_stand() -> None:
    constant = faults(Network(lambda p: np.tile([0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1], (len(p), 1))))
    assert "no better than always" in constant
    assert "no better than always" in faults(Network(lambda p: np.random.default_rng(1).dirichlet(np.ones(7), len(p))))


def test_the_largest_class_alone_is_no_skill() -> None:
    """As on FER2013: a quarter of the faces are happy."""
    labels = np.r_[np.full(300, 3), np.repeat(np.arange(7), 60)]
    data = Faces(np.zeros((len(labels), 48, 48), np.uint8), labels)
    always_happy = np.tile(np.eye(7)[3], (len(labels), 1))

    class AlwaysHappy:
        def predict(self, pixels: np.ndarray, batch_size: int, verbose: int) -> np.ndarray:
            return always_happy

    with pytest.raises(ModelError, match=r"right on 50\.0% .* no better than always happy \(50\.0%\)"):
        check_plausible(Path("a.keras"), AlwaysHappy(), data)
    assert fit(always_happy, data).accuracy == 0.5
