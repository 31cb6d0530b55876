"""Bad light: what each kind does to a frame, and that a face which nobody can see is not asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import write_photos
from train.detector.photos import load
from train.detector.scenes.bad_light import LEAST_CONTRAST, in_bad_light, visible
from train.detector.scenes.drawing import HEIGHT, WIDTH, Scenes
from train.detector.scenes.framing import Scene
from train.detector.scenes.light import at_night, from_one_side, with_gamma, with_window

GRAY = np.full((HEIGHT, WIDTH), 128, np.uint8)


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, 128), (3.0, 32), (0.3, 207)])
def test_gamma_darkens_from_one_up(gamma: float, expected: int) -> None:
    assert np.all(with_gamma(GRAY, gamma) == expected)


def test_the_side_away_from_the_lamp_is_dark() -> None:
    lit = from_one_side(GRAY, (WIDTH / 2, HEIGHT / 2), 0.0, 5.0, 0.2, 1.2)
    assert lit[:, 0].mean() == pytest.approx(128 * 1.2, abs=2)
    assert lit[:, -1].mean() == pytest.approx(128 * 0.2, abs=2)


def test_a_window_is_white_and_its_haze_falls_with_the_distance() -> None:
    lit = with_window(GRAY, (40.0, 40.0), (30.0, 30.0), 255.0, 120.0)
    assert lit[40, 40] == 255
    assert lit[40, 70] > lit[40, 200] > 128


def test_noise_at_night_grows_as_light_falls() -> None:
    noise = [at_night(GRAY, 1.0, count, 0.0, np.random.default_rng(0)).std() for count in (1000.0, 100.0, 10.0)]
    assert noise[0] < noise[1] < noise[2]


def test_a_degraded_frame_keeps_its_shape_and_follows_from_the_seed() -> None:
    for seed in range(40):
        worse = in_bad_light(GRAY, np.random.default_rng(seed))
        assert worse.shape == GRAY.shape
        assert worse.dtype == np.uint8
        assert np.array_equal(worse, in_bad_light(GRAY, np.random.default_rng(seed)))


def test_a_face_that_is_one_gray_is_not_to_be_found() -> None:
    half = GRAY.copy()
    half[20:40, 20:30] = 128 + 4 * LEAST_CONTRAST
    box = np.array([[20, 20, 20, 20]], np.float32)
    scene = Scene(half, box, np.full((1, 10), np.nan, np.float32), np.ones(1, bool))
    assert visible(scene).tolist() == [True]
    assert visible(replace(scene, gray=GRAY)).tolist() == [False]


def test_only_scenes_in_bad_light_hold_faces_as_large_as_the_frame(tmp_path: Path) -> None:
    photos = load(write_photos(tmp_path)).training
    pasted = np.zeros((1, 48, 48), np.uint8)
    heights = {}
    for bad_light in (False, True):
        scenes = Scenes(photos, pasted, bad_light)
        drawn = [scenes.draw(np.random.default_rng(seed)) for seed in range(150)]
        heights[bad_light] = np.concatenate([scene.boxes[:, 3] for scene in drawn])
    assert (heights[True] > 0.8 * HEIGHT).mean() > (heights[False] > 0.8 * HEIGHT).mean()
