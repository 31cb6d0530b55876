"""Views are the same pixels every time, and the student learns what its teachers say of just these."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tests.synthetic import faces, write_csv
from train.batches import as_input, view_batches
from train.data import DataError, load
from train.fit import FitConfig, fit
from train.views import load_views, teach_views, view


def save_teacher(path: Path, seed: int) -> str:
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((48, 48, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    keras.Sequential([*layers, keras.layers.Dense(7, activation="softmax")]).save(path)
    return str(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(
        tmp_path_factory.mktemp("data") / "fer2013.csv", {"Training": faces(20, 1), "PublicTest": faces(4, 2)}
    )


@pytest.fixture(scope="module")
def taught(data: Path) -> tuple[Path, list[str]]:
    teachers = [save_teacher(data.with_name(f"{seed}.keras"), seed) for seed in (1, 2)]
    out = data.with_name("views.npz")
    figures = teach_views(teachers, str(data), 3, data.with_name("runs"), out)
    assert (figures["faces"], figures["views"]) == (140, 3)
    return out, teachers


def test_a_view_is_the_same_every_time_and_no_two_are_alike() -> None:
    images = faces(300).images  # more than one chunk
    np.testing.assert_array_equal(view(images, 3), view(images, 3))
    seen = np.stack([images, *(view(images, number) for number in range(4))]).reshape(5, len(images), -1)
    pairs = [(one, other) for one in range(5) for other in range(one)]
    assert all((seen[one] != seen[other]).any(axis=1).mean() > 0.99 for one, other in pairs)


def test_a_student_is_asked_for_what_its_teachers_say_of_what_it_sees(
    data: Path, taught: tuple[Path, list[str]]
) -> None:
    path, names = taught
    train = load(data).train
    order = np.random.default_rng(5).permutation(len(train))
    views = load_views(path, train.take(order[1:]))  # a face is missing, the others lie in another order
    assert len(views.rows) == len(train) - 1
    teachers = [keras.models.load_model(name) for name in names]
    config = FitConfig(str(data), views=str(path), batch_size=32)
    for epoch in (0, 1, 5):
        for images, targets, _ in view_batches(views, config, epoch):
            opinion = np.mean([teacher.predict(images, verbose=0) for teacher in teachers], axis=0)
            changed = np.abs(targets["emotion"] - opinion).max(axis=1) > 2e-3
            assert changed.sum() <= (epoch % 3 == 1)  # the face that was blended with the missing one


def test_workers_share_a_batch(data: Path, taught: tuple[Path, list[str]]) -> None:
    views, config = load_views(taught[0], load(data).train), FitConfig(str(data), batch_size=32)
    whole = next(view_batches(views, config, 1))
    halves = [next(view_batches(views, config, 1, slice(worker, None, 2))) for worker in (0, 1)]
    np.testing.assert_array_equal(whole[0][1::2], halves[1][0])
    np.testing.assert_array_equal(whole[1]["emotion"][::2], halves[0][1]["emotion"])


def test_judged_views_are_kept(data: Path, taught: tuple[Path, list[str]]) -> None:
    kept = sorted(data.with_name("runs").glob("view-*.npy"))
    written = [path.stat().st_mtime_ns for path in kept]
    teach_views(taught[1], str(data), 3, data.with_name("runs"), taught[0])
    assert [path.stat().st_mtime_ns for path in kept] == written
    assert len(written) == 3


def test_fit_follows_the_teachers(data: Path, taught: tuple[Path, list[str]], tmp_path: Path) -> None:
    config = FitConfig(str(data), arch="mini_xception", views=str(taught[0]), epochs=8, batch_size=16)
    fit(replace(config, precision="float32"), tmp_path / "run")
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    assert history["accuracy"].iloc[-3:].mean() > 0.5  # agreement with the teachers, where a guess is right on 1 in 7
    images = load(data).validation.images
    student = keras.models.load_model(tmp_path / "run" / "model.keras")
    assert student.predict(as_input(images), verbose=0).shape == (len(images), 7)


def test_teachers_that_are_none_and_views_of_others_are_refused(data: Path, taught: tuple[Path, list[str]]) -> None:
    runs, out = data.with_name("runs"), data.with_name("never.npz")
    with pytest.raises(DataError, match=r"fer2013.csv: not a Keras model .*train one with"):
        teach_views([str(data)], str(data), 1, runs, out)
    detector = data.with_name("detector.keras")
    keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten()]).save(detector)
    with pytest.raises(DataError, match=r"gives \(2304,\); expected \(48, 48, 1\) and \(7,\)"):
        teach_views([str(detector)], str(data), 1, runs, out)
    with pytest.raises(DataError, match="started with other settings: teachers"):
        teach_views(taught[1][:1], str(data), 1, runs, out)
    assert not out.exists()


def test_views_of_other_faces_are_refused(taught: tuple[Path, list[str]], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"judges 0\.0% of the training faces"):
        load_views(taught[0], faces(20, 3))
    with pytest.raises(DataError, match="train teach-views"):
        load_views(tmp_path / "missing.npz", faces(1))
