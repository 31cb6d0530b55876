"""The dark set: the same copies every time, faces where the labels say, and the figures of a detector on them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.detector.dark import AS_IT_IS, CUTS, LIGHTS, dark_set
from convert.detector.light import LightResult, evaluate_in_bad_light, table
from edge.settings import DEFAULT_GRAYNET
from tests.synthetic import write_photos
from train.detector.photos import Photo, load


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def copies(photos: Path) -> dict[str, list[Photo]]:
    return dark_set(load(photos).held_out)


def test_every_kind_has_its_copies(copies: dict[str, list[Photo]]) -> None:
    assert list(copies) == [AS_IT_IS, *LIGHTS, *CUTS]
    assert all(len(copies[kind]) == len(copies[AS_IT_IS]) for kind in LIGHTS)


def test_a_copy_follows_from_its_photo_alone(photos: Path, copies: dict[str, list[Photo]]) -> None:
    again = dark_set(load(photos).held_out[1:])
    for kind in LIGHTS:
        for photo, same in zip(copies[kind][1:], again[kind], strict=True):
            assert np.array_equal(photo.gray, same.gray)


def test_bad_light_changes_the_light_and_nothing_else(copies: dict[str, list[Photo]]) -> None:
    for kind in LIGHTS:
        for photo, before in zip(copies[kind], copies[AS_IT_IS], strict=True):
            assert photo.gray.shape == before.gray.shape
            assert not np.array_equal(photo.gray, before.gray)
            assert np.array_equal(photo.boxes, before.boxes)


def test_a_large_face_fills_the_frame_and_one_at_the_edge_is_cut() -> None:
    large = Photo(
        Path("a.jpg"),
        np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8),
        np.array([[150, 90, 100, 120]], np.float32),
        np.ones(1, np.float32),
        np.zeros((1, 10), np.float32),
    )
    copies = dark_set((large,))
    (filling,) = copies["fills the frame"]
    assert 0.7 < filling.boxes[0, 3] / filling.gray.shape[0] <= 1.05
    (cut,) = copies["cut by the edge"]
    x, y, width, height = cut.boxes[0]
    assert x < 0 or y < 0 or x + width > cut.gray.shape[1] or y + height > cut.gray.shape[0]


def test_the_shipped_detector_is_judged_on_every_kind(photos: Path, tmp_path: Path) -> None:
    rows = evaluate_in_bad_light(photos, DEFAULT_GRAYNET, tmp_path / "sheet.png")
    assert [row.kind for row in rows] == [AS_IT_IS, *LIGHTS, *CUTS]
    assert rows[0].face_free == 4
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


def test_the_table_names_what_was_taken_for_a_face() -> None:
    text = table([LightResult("dark", 8, 6, 100, (("lion.jpg", 0.71),))])
    assert "75.0%" in text
    assert "5.0" in text  # on 500 photos
    assert "lion.jpg (0.71)" in text
