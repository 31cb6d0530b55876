import numpy as np
import pytest

from edge.contract import LABELS
from train.report.metrics import evaluate, expected_calibration_error


def sure(*predicted: int, score: float = 1.0) -> np.ndarray:
    rest = (1 - score) / 6
    return np.array([[score if label == one else rest for label in range(7)] for one in predicted])


def test_figures_match_those_counted_by_hand() -> None:
    labels = np.array([0, 0, 0, 3, 3, 6])
    result = evaluate(sure(0, 0, 3, 3, 3, 0), labels)
    assert result["n"] == 6
    assert result["accuracy"] == pytest.approx(4 / 6)
    assert result["balanced_accuracy"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert result["per_class"]["angry"] == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "n": 3})
    assert result["per_class"]["happy"] == pytest.approx({"precision": 2 / 3, "recall": 1, "f1": 0.8, "n": 2})
    assert result["per_class"]["disgust"] == {"precision": 0, "recall": 0, "f1": 0, "n": 0}
    assert result["confusion"][0] == [2, 0, 0, 1, 0, 0, 0]
    assert result["confusion"][6] == [1, 0, 0, 0, 0, 0, 0]
    assert list(result["per_class"]) == list(LABELS)


@pytest.mark.parametrize(
    ("score", "right", "expected"), [(1.0, 4, 0.0), (1.0, 2, 0.5), (0.75, 3, 0.0), (0.95, 2, 0.45)]
)
def test_calibration_error_is_the_gap_between_score_and_accuracy(score: float, right: int, expected: float) -> None:
    labels = np.array([1] * right + [2] * (4 - right))
    assert expected_calibration_error(sure(1, 1, 1, 1, score=score), labels) == pytest.approx(expected)
