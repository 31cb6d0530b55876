"""How far, how dark, how turned: steps that get worse, a sample that is always the same, the table, the picture."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from convert.robustness.degradations import DEGRADATIONS, HEIGHT, electrons
from convert.robustness.measure import Robustness, Step, sum_up
from convert.robustness.optics import distance_m
from convert.robustness.picture import save_picture
from convert.robustness.sample import as_crop, faces_of, framed
from convert.robustness.table import sentence, table
from edge.settings import DEFAULT_GRAYNET, DEFAULT_MODEL
from tests.synthetic import blank, faces, write_csv, write_photos
from train.data.classes import parse
from train.data.faces import Fer2013
from train.data.fer2013 import in_classes

PROJECT = Path(__file__).resolve().parents[3]
BOX = (20.0, 10.0, 40.0, 50.0)


def picture() -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 255, (15, 20), np.uint8)
    return np.asarray(cv2.resize(coarse, (100, 75), interpolation=cv2.INTER_CUBIC))


def drawn_from(found: float) -> Robustness:
    steps = [
        Step(one.name, one.unit, step, found - 0.05 * number, 0.6 - 0.02 * number)
        for one in DEGRADATIONS
        for number, step in enumerate(one.steps)
    ]
    return sum_up(150, 700, steps)


@pytest.mark.parametrize("degradation", DEGRADATIONS, ids=lambda one: one.name)
def test_each_step_changes_more_and_the_first_next_to_nothing(degradation: object) -> None:
    before = picture()
    changes = []
    for step in degradation.steps:  # type: ignore[attr-defined]
        rng = np.random.default_rng(1)
        after = degradation.change(before, BOX, step, rng)  # type: ignore[attr-defined]
        changes.append(float(np.abs(after.astype(int) - before).mean()))
    assert changes[0] < 3
    assert changes == sorted(changes)


def test_the_noise_is_as_strong_as_it_says() -> None:
    count = electrons(20.0)
    assert 255 * np.sqrt(count / 2 + 4) / count == pytest.approx(20.0)


def test_a_face_of_40_px_is_nearly_three_metres_away() -> None:
    assert distance_m(40) == pytest.approx(2.71, abs=0.01)
    assert distance_m(80) == pytest.approx(distance_m(40) / 2)


@pytest.mark.parametrize("height_px", HEIGHT.steps)
def test_a_frame_has_the_face_in_its_middle_at_that_height(height_px: float) -> None:
    gray = np.full((200, 300), 50, np.uint8)
    gray[60:160, 100:180] = 200
    frame, (x, y, width, height) = framed(gray, (100.0, 60.0, 80.0, 100.0), height_px)
    assert frame.shape == (480, 640)
    assert height == height_px
    inner = frame[round(y + 2) : round(y + height - 2), round(x + 2) : round(x + width - 2)]
    assert inner.mean() > 190
    assert frame[round(y - 4), 320] < 60


def test_a_crop_of_a_small_face_is_blurred_and_of_a_large_one_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8)
    rng = np.random.default_rng(0)
    assert np.array_equal(as_crop(image, HEIGHT, 96, rng), image)
    assert as_crop(image, HEIGHT, 16, rng).std() < image.std() / 1.5


def test_it_works_down_to_the_last_height_with_nine_tenths_left() -> None:
    result = drawn_from(0.98)
    assert result.works_from_px == 64  # found 0.93 of 0.98 there, 0.88 at the next height
    assert sentence(result).startswith("works from 64 px: 1.7 m with a Camera Module 3 at 640x480; half")
    assert result.half_from_px == 16


def test_the_table_has_three_rows_for_each_degradation_all_as_wide() -> None:
    lines = table(drawn_from(0.98)).splitlines()
    assert len(lines) == 2 + 3 * len(DEGRADATIONS)
    assert len({line.count("|") for line in lines}) == 1


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    save_picture(drawn_from(0.98), DEFAULT_GRAYNET, tmp_path / "robustness.png")
    image = cv2.imread(str(tmp_path / "robustness.png"))
    assert image is not None
    assert min(image.shape[:2]) > 1000


def test_the_command_measures_prints_and_writes(tmp_path: Path) -> None:
    photos = write_photos(tmp_path)
    data = write_csv(tmp_path / "fer2013.csv", {"Training": faces(2, 1), "PublicTest": faces(2, 2)})
    command = [sys.executable, "-m", "convert", "evaluate", str(DEFAULT_MODEL), "--data", str(data)]
    command += ["--robustness", str(photos), "--json", str(tmp_path / "out.json")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "works from" in done.stdout
    figures = json.loads((tmp_path / "out.json").read_text())
    assert len(figures["steps"]) == sum(len(one.steps) for one in DEGRADATIONS)
    assert figures["faces"] == 14


def test_faces_for_the_accuracy_must_be_given() -> None:
    command = [sys.executable, "-m", "convert", "evaluate", str(DEFAULT_MODEL), "--photos", "x", "--robustness", "y"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_the_sample_follows_the_models_classes() -> None:
    shown = Fer2013(blank(), blank(*[3] * 5, *[6] * 5, *[0] * 5), blank())
    faces = in_classes(shown, parse("happy,calm=neutral")).validation
    assert faces_of(faces).counts() == {"happy": 5, "calm": 5}
