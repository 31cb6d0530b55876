"""The face detector's training on drawn faces: photos, scenes, targets, losses, a run that can be killed, figures."""

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from edge.contract import CELL_PX, UNIT_PX
from tests.synthetic import POINTS, faces, write_csv, write_photos
from train.config import read_recipe
from train.detector import losses
from train.detector.config import RECIPES, DetectorConfig
from train.detector.fit import fit
from train.detector.metrics import Curve, as_frame, curve, fitted, ground_truth, overlaps
from train.detector.photos import Photo, load
from train.detector.scenes.drawing import HEIGHT, WIDTH, Scenes
from train.detector.scenes.framing import Scene
from train.detector.scenes.targets import assign
from train.errors import DataError, RunError
from train.run import checkpoint

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def fer2013(tmp_path_factory: pytest.TempPathFactory) -> Path:
    splits = {"Training": faces(4, 1), "PublicTest": faces(2, 2)}
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", splits)


def scene(*boxes: tuple[float, float, float, float], valid: bool = True) -> Scene:
    rows = np.array(boxes, np.float32).reshape(-1, 4)
    points = (rows[:, np.newaxis, :2] + POINTS * rows[:, np.newaxis, 2:]).reshape(-1, 10)
    gray = np.zeros((HEIGHT, WIDTH), np.uint8)
    return Scene(gray, rows, points.astype(np.float32), np.full(len(rows), valid))


def test_whole_sources_are_held_out(photos: Path) -> None:
    loaded = load(photos)
    assert (len(loaded.training), len(loaded.held_out)) == (32 + 12, 8 + 4)
    assert {photo.path.name.split("_")[0] for photo in loaded.held_out} == {"f18", "imnet"}
    assert all(photo.boxes.shape == (1, 4) for photo in loaded.training if photo.path.parent.name == "people")


def test_of_other_collections_the_last_tenth_by_name_is_held_out(photos: Path, tmp_path: Path) -> None:
    for kind, count in (("people", 21), ("background", 10)):
        (tmp_path / kind).mkdir()
        for number, path in enumerate(sorted((photos / kind).iterdir())[:count]):
            shutil.copy(path, tmp_path / kind / f"IMG_{number:03}.jpg")
    shutil.copy(photos / "boxes.csv", tmp_path)
    held_out = [photo.path.name for photo in load(tmp_path).held_out]
    assert held_out == ["IMG_018.jpg", "IMG_019.jpg", "IMG_020.jpg", "IMG_009.jpg"]
    for path in list((tmp_path / "background").iterdir())[1:]:
        path.unlink()
    with pytest.raises(DataError, match=r"background: expected photos to learn from and to hold out, found 1"):
        load(tmp_path)


def test_a_table_beside_the_photos_says_which_sources_are_held_out(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "own")
    (tmp_path / "own/sources.toml").write_text('[held_out]\npeople = ["ccp"]\n[weights]\nf18 = 0.25\n')
    loaded = load(tmp_path / "own")
    people = [photo for photo in loaded.held_out if photo.path.parent.name == "people"]
    assert {photo.path.name.split("_")[0] for photo in people} == {"ccp"}
    assert {photo.weight for photo in loaded.training if photo.path.parent.name == "people"} == {0.25}
    (tmp_path / "own/sources.toml").write_text("held-out = []\n")
    with pytest.raises(DataError, match=r"sources.toml: not readable .*held-out"):
        load(tmp_path / "own")


def test_photos_of_every_kind_are_read_and_what_is_none_is_said(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(photos, tmp_path / "own")
    for number, path in enumerate(sorted((tmp_path / "own/background").iterdir())[:3]):
        suffix = (".webp", ".png", ".JPEG")[number]
        cv2.imwrite(str(path.with_suffix(suffix)), cv2.imread(str(path)))
        path.unlink()
    (tmp_path / "own/background/._a.jpg").write_bytes(b"Mac OS X")
    (tmp_path / "own/background/list.txt").write_text("imnet")
    loaded = load(tmp_path / "own")
    assert (len(loaded.training), len(loaded.held_out)) == (32 + 12, 8 + 4)
    assert "background: 1 files are no photos by their suffix; left out" in caplog.text


@pytest.mark.parametrize("missing", ["boxes.csv", "people", "background"])
def test_a_folder_without_one_of_its_parts_is_refused(photos: Path, tmp_path: Path, missing: str) -> None:
    for part in ("boxes.csv", "people", "background"):
        if part != missing:
            (tmp_path / part).symlink_to(photos / part)
    with pytest.raises(DataError, match=missing):
        load(tmp_path)


def test_labels_follow_the_pixels_into_a_scene(photos: Path) -> None:
    """Eyes and mouth are drawn dark: they must be dark where the scene says they are, mirrored or not."""
    scenes = Scenes(load(photos).training, faces(4, 1).images)
    rng = np.random.default_rng(1)
    compared = 0
    dark = 0
    for _ in range(200):
        one = scenes.draw(rng)
        for box, points in zip(one.boxes[one.valid], one.landmarks[one.valid], strict=True):
            places = points.reshape(5, 2)
            inside = ((places > 4) & (places < [WIDTH - 4, HEIGHT - 4])).all()
            if np.isnan(points).any() or box[2] < 50 or not inside:
                continue
            assert places[0, 0] < places[1, 0], "the right eye stays on the picture's left"
            middle = (places[0] + places[1]) / 2
            spots = [one.gray[round(y), round(x)] for x, y in places[:2]]
            between = one.gray[round(middle[1]), round(middle[0])]
            dark += int(max(spots)) < int(between)
            compared += 1
    assert compared > 40
    assert dark / compared > 0.95  # dark scenes and noise hide some


def test_the_cells_of_a_face_are_asked_for_its_box() -> None:
    targets = assign(scene((100, 80, 64, 80)))
    asked = targets["scores"][..., 0] == 1
    rows, columns = np.nonzero(asked)
    centres = np.stack([(columns + 0.5) * CELL_PX, (rows + 0.5) * CELL_PX])
    assert 1 < asked.sum() < 16
    assert np.abs(centres - [[132], [120]]).max() <= 0.12 * np.sqrt(64 * 80) + 1
    assert np.isclose(targets["boxes"][..., 4].sum(), 1)
    np.testing.assert_allclose(targets["boxes"][asked][:, :4], [[100, 80, 64, 80]] * asked.sum())
    np.testing.assert_allclose(targets["landmarks"][asked][0, :10].reshape(5, 2), POINTS - 0.5, atol=1e-6)
    assert targets["scores"][0, 0].tolist() == [0, 1]


def test_the_smallest_face_has_a_cell_and_a_doubtful_one_counts_for_nothing() -> None:
    assert assign(scene((97, 81, 5, 5)))["scores"][..., 0].sum() == 1
    between = assign(scene((101, 81, 5, 5)))["scores"][..., 0]
    assert np.argwhere(between).tolist() == [[10, 12], [10, 13]], "and two where it lies between two"
    doubtful = assign(scene((96, 80, 64, 80), valid=False))
    assert doubtful["scores"][..., 0].sum() == 0
    assert (doubtful["scores"][10:20, 12:20, 1] == 0).all()
    assert doubtful["boxes"][..., 4].sum() == 0


def test_a_perfect_answer_costs_nothing_and_a_worse_one_more() -> None:
    box = (100.0, 80.0, 64.0, 80.0)
    targets = {name: value[np.newaxis] for name, value in assign(scene(box)).items()}
    rows, columns = np.indices((HEIGHT // CELL_PX, WIDTH // CELL_PX))
    perfect = np.stack(
        [
            132 / CELL_PX - columns - 0.5,
            120 / CELL_PX - rows - 0.5,
            *(np.full(rows.shape, np.log2(s / UNIT_PX)) for s in box[2:]),
        ],
        axis=-1,
    )[np.newaxis].astype(np.float32)
    assert float(losses.boxes(targets["boxes"], perfect)) == pytest.approx(0, abs=1e-4)
    assert 0.05 < float(losses.boxes(targets["boxes"], perfect + 0.3)) < 1.5
    np.testing.assert_allclose(losses.decode(perfect)[0, 3, 7], box, rtol=1e-4)
    known = targets["landmarks"][..., :10]
    assert float(losses.landmarks(targets["landmarks"], known)) == 0
    assert float(losses.landmarks(targets["landmarks"], known + 0.1)) == pytest.approx(0.1, rel=1e-4)
    heat = targets["scores"][..., :1]
    sure, unsure, wrong = (float(losses.scores(targets["scores"], p)) for p in (heat, heat * 0.5, 1 - heat))
    assert sure < 1e-3 < unsure < wrong


def test_recall_and_false_alarms_are_counted_as_by_hand() -> None:
    box = [10, 10, 20, 20]
    elsewhere = [100, 100, 20, 20]
    found = [
        (np.array([box, elsewhere], float), np.array([0.9, 0.8])),  # a hit, and a face that nobody labelled
        (np.array([[14, 10, 20, 20]], float), np.array([0.6])),  # IoU 0.67
        (np.zeros((0, 4)), np.zeros(0)),  # a miss
        (np.array([box, elsewhere], float), np.array([0.7, 0.3])),  # two false alarms
        (np.zeros((0, 4)), np.zeros(0)),
    ]
    labelled = [np.array([box], float)] * 3 + [np.zeros((0, 4))] * 2
    measured = curve(found, labelled, 0.5, [True, True, True, False, False])
    assert measured.faces.tolist() == [0.9, 0.6, 0.0]
    assert measured.recall(0.5) == pytest.approx(2 / 3)
    assert measured.false_alarms(0.5) == 250
    assert measured.precision(0.5) == pytest.approx(2 / 3)
    assert measured.threshold(250) == 0.31
    assert measured.threshold(0) == 0.71
    assert Curve(np.zeros(1), np.zeros(0), 1).precision(0.5) == 1
    assert overlaps(np.array([box]), np.array([[20, 10, 20, 20]]))[0, 0] == pytest.approx(1 / 3)


def test_faces_count_from_40_px_of_a_frame_of_640x480_however_large_the_photo_is() -> None:
    boxes = np.array([[5, 5, 9, 9.5], [50, 50, 10, 10.5]], np.float32)
    small = Photo(Path("x"), np.zeros((120, 160), np.uint8), boxes, np.ones(2), np.full((2, 10), np.nan))
    frame = as_frame(small)
    copy = fitted(small)
    assert (frame.gray.shape, copy.gray.shape) == ((480, 640), (288, 384))
    np.testing.assert_allclose(frame.boxes, boxes * 4)
    np.testing.assert_allclose(copy.boxes, boxes * 2.4)
    for photo in (small, frame, copy):
        assert ground_truth(photo).tolist() == [False, True]
    large = replace(small, gray=np.zeros((960, 1280), np.uint8), boxes=boxes * 8)
    assert as_frame(large).gray.shape == (960, 1280) and ground_truth(large).tolist() == [False, True]


def test_a_run_killed_and_resumed_ends_like_an_unbroken_one(photos: Path, fer2013: Path, tmp_path: Path) -> None:
    given = {"photos": str(photos), "data": str(fer2013), "epochs": 3}
    config = read_recipe(DetectorConfig, RECIPES / "face.toml", given)
    whole = tmp_path / "whole"
    broken = tmp_path / "broken"
    metrics = fit(config, whole)
    assert metrics["faces"] == 8 and metrics["face_free_photos"] == 4
    assert json.loads((whole / "metrics.json").read_text()) == metrics
    assert all((whole / name).stat().st_size > 10_000 for name in ("model.keras", "curves.png", "recall.png"))

    arguments = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "train", "fit-detector", *arguments, "--out", str(broken)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (broken / checkpoint.NAME).exists() and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    fit(config, broken, resume=True)
    weights = (keras.models.load_model(out / "model.keras").get_weights() for out in (whole, broken))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(RunError, match=r"seed \(was 1, now 2\)"):
        fit(replace(config, seed=2), whole, resume=True)
    others = tmp_path / "others"
    shutil.copytree(photos, others)
    next((others / "background").glob("scene*")).rename(others / "background" / "a.jpg")
    with pytest.raises(RunError, match="other training data"):
        fit(replace(config, photos=str(others)), whole, resume=True)
    with pytest.raises(DataError, match="at least a batch of 64 photos, found 44"):
        fit(replace(config, batch_size=64), tmp_path / "small")
