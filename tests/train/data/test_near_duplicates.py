"""A photo is known again when it was cut, lit, compressed or mirrored otherwise; another one is not taken for it."""

import cv2
import numpy as np
import pytest

from train.data.check import report
from train.data.faces import Faces, Fer2013
from train.data.near_duplicates import near_duplicates, nearest
from train.report.sheets import save_sheets


def photos(count: int, seed: int) -> np.ndarray:
    """(count, 48, 48) uint8: clouds as coarse as a face's features."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 7, 7), dtype=np.uint8)
    large = [cv2.resize(one, (48, 48), interpolation=cv2.INTER_CUBIC) for one in coarse]
    return np.array(large, np.uint8).reshape(-1, 48, 48)


def shifted(image: np.ndarray) -> np.ndarray:
    return np.roll(image, 1, axis=1)


def darker(image: np.ndarray) -> np.ndarray:
    return (image * 0.6 + 20).astype(np.uint8)


def compressed(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], cv2.IMREAD_GRAYSCALE)


def mirrored(image: np.ndarray) -> np.ndarray:
    return image[:, ::-1]


@pytest.mark.parametrize("changed", [shifted, darker, compressed, mirrored])
def test_the_same_photo_is_found(changed) -> None:
    known = photos(600, 1)
    again = np.stack([changed(image) for image in known[::-1]])
    similarity, rows = nearest(again, known)
    assert (rows == np.arange(599, -1, -1)).all()
    assert (similarity > 0.95).mean() > 0.95
    assert near_duplicates(again, known).mean() > 0.95


def test_other_photos_are_not_taken_for_it() -> None:
    blank = np.full((1, 48, 48), 90, np.uint8)
    assert not near_duplicates(np.concatenate([photos(300, 2), blank]), np.concatenate([photos(300, 1), blank])).any()
    assert not near_duplicates(photos(3, 1), photos(0, 1)).any()


@pytest.fixture
def data() -> Fer2013:
    """Two validation faces of photos in training, one of them with another label, and one exact copy."""
    train = photos(20, 1)
    held = photos(8, 2)
    held[0] = shifted(train[3])
    held[1] = mirrored(train[4])
    held[2] = train[5]
    labels = np.arange(20) % 7
    held_labels = np.array([3, 5, 5, 0, 1, 2, 3, 4])
    return Fer2013(Faces(train, labels), Faces(held, held_labels), Faces(photos(0, 3), labels[:0]))


def test_check_data_tells_and_shows_them(data: Fer2013, tmp_path) -> None:
    text = "\n".join(report(data))
    assert "validation and train: 2 faces of the first are of a photo in the second, cut or compressed anew, 1 " in text
    assert "test and train: 0 faces of the first are of a photo in the second" in text
    sheets = {path.stem: cv2.imread(str(path)) for path in save_sheets(data, tmp_path)}
    assert sheets["near_duplicates"].shape[1] == pytest.approx(
        sheets["least_contrast"].shape[1] / 2, rel=0.02
    )  # 4 of 8
