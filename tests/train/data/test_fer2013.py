"""Every form of FER2013 gives the same faces; everything else gives one clear line."""

import gzip
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract import LABELS
from tests.program import TEST_DATA
from tests.synthetic import faces, write_csv, write_folders
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import drop_duplicates, hold_out_validation, load, read
from train.errors import DataError

PROJECT = Path(__file__).resolve().parents[3]
SHARED_FER2013 = TEST_DATA / "data" / "fer2013"
SPLITS = {"Training": faces(6, 1), "PublicTest": faces(3, 2), "PrivateTest": faces(2, 3)}


def zipped(path: Path, folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder / "archive"), "zip", path.parent, path.name))


def gzipped(path: Path, folder: Path) -> Path:
    packed = folder / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def tarred(path: Path, folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder / "archive"), "gztar", path.parent, path.name))


FORMS: dict[str, Callable[[Path], Path]] = {
    "csv": lambda folder: write_csv(folder / "fer2013.csv", SPLITS),
    "icml": lambda folder: write_csv(folder / "icml_face_data.csv", SPLITS, "emotion, Usage, pixels"),
    "csv in a folder": lambda folder: write_csv(folder / "fer2013.csv", SPLITS).parent,
    "csv.zip": lambda folder: zipped(write_csv(folder / "fer2013.csv", SPLITS), folder),
    "csv.gz": lambda folder: gzipped(write_csv(folder / "fer2013.csv", SPLITS), folder),
    "icml.gz": lambda folder: gzipped(
        write_csv(folder / "icml_face_data.csv", SPLITS, "emotion, Usage, pixels"), folder
    ),
    "csv.tar.gz": lambda folder: tarred(write_csv(folder / "fer2013.csv", SPLITS), folder),
    "folders": lambda folder: write_folders(folder / "kaggle", SPLITS),
    "folders.zip": lambda folder: zipped(write_folders(folder / "kaggle", SPLITS), folder),
    "folders.tar.gz": lambda folder: tarred(write_folders(folder / "kaggle", SPLITS), folder),
}


def content(part: Faces) -> Counter[tuple[bytes, int]]:
    return Counter((image.tobytes(), int(label)) for image, label in zip(part.images, part.labels, strict=True))


@pytest.mark.parametrize("form", list(FORMS))
def test_every_form_gives_the_same_faces(form: str, tmp_path: Path) -> None:
    data = read(FORMS[form](tmp_path))
    for part, expected in zip((data.train, data.validation, data.test), SPLITS.values(), strict=True):
        assert part.images.dtype == np.uint8
        assert content(part) == content(expected)


def test_folders_without_usage_names_hold_out_a_validation_split(tmp_path: Path) -> None:
    big = {"Training": faces(20, 1), "PublicTest": faces(3, 2)}
    data = load(write_folders(tmp_path, big, named=False))
    assert (len(data.train), len(data.validation), len(data.test)) == (126, 14, 21)
    assert data.held_out
    assert data.validation.counts() == dict.fromkeys(LABELS, 2)
    assert not content(data.train) & content(data.validation)
    assert content(data.train) + content(data.validation) == content(big["Training"])


def test_notes_of_macos_are_no_faces(tmp_path: Path) -> None:
    root = write_folders(tmp_path, SPLITS)
    (root / "train/happy/._Training_00000.png").write_bytes(b"Mac OS X")
    assert content(read(root).train) == content(SPLITS["Training"])


def test_hold_out_is_the_same_every_time_and_only_where_needed() -> None:
    none = faces(0)
    one, other = (hold_out_validation(Fer2013(faces(20), none, none)) for _ in range(2))
    assert content(one.validation) == content(other.validation)
    given = Fer2013(faces(5, 1), faces(2, 2), none)
    assert hold_out_validation(given) is given


def test_of_few_faces_one_of_each_class_is_held_out() -> None:
    few = faces(3).take(np.r_[0:15])  # one or more of each emotion
    data = hold_out_validation(Fer2013(few, faces(0), faces(0)))
    assert data.validation.counts() == dict.fromkeys(LABELS, 1)
    assert min(data.train.counts().values()) >= 1


def test_copies_of_validation_and_test_leave_training_and_are_counted() -> None:
    train = faces(4, 1)
    validation = faces(2, 2)
    test = faces(2, 3)
    train.images[3] = validation.images[0]
    train.images[8] = test.images[5]
    data = drop_duplicates(Fer2013(train, validation, test))
    assert data.dropped_duplicates == 2
    assert content(data.train) == content(train.take(np.delete(np.arange(28), [3, 8])))
    assert len(data.validation) == 14


def row(emotion: str = "3", pixels: str = " ".join(["7"] * 2304), usage: str = "Training") -> str:
    return f"emotion,pixels,Usage\n0,{' '.join(['9'] * 2304)},Training\n{emotion},{pixels},{usage}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pixels\n1 2\n", ["missing column emotion", "'pixels'", "test.csv has no labels"]),
        ("emotion,pixels\n1,2\n", ["line 2", "expected 2304 pixels"]),
        ("", ["not a CSV file"]),
        (",".join(f"pixel{n}" for n in range(2304)) + "\n", ["missing column emotion, pixels, Usage", " ..."]),
        (row() + "\n\n" + "9,7,Training\n", ["line 6", "unknown emotion '9'"]),  # blank lines count
        (row() + "3,7,Training,surplus\n", ["not a CSV file", "line 4"]),
        ("emotion,pixels,Usage\n3,7,Training,\n", ["more fields than the header's 3"]),
        ("emotion,pixels,Usage\n", ["no rows"]),
        (row(pixels=" ".join(["7"] * 2303)), ["line 3", "expected 2304 pixels, found 2303"]),
        (row(emotion="9"), ["line 3", "unknown emotion '9'", "0, 1, 2, 3, 4, 5, 6"]),
        (row(emotion="happy"), ["line 3", "unknown emotion 'happy'"]),
        (row(usage="Test"), ["line 3", "unknown Usage 'Test'", "PublicTest"]),
        (row(pixels=" ".join(["256"] * 2304)), ["line 3", "0 to 255"]),
        (row(pixels=" ".join(["-1"] * 2304)), ["line 3", "0 to 255"]),
        (row(pixels=" ".join(["9" * 30] * 2304)), ["line 3", "0 to 255"]),
        (row(pixels=" ".join(["x"] * 2304)), ["line 3", "not whole numbers"]),
        (row(pixels=" ".join(["1.5"] * 2304)), ["line 3", "not whole numbers"]),
    ],
)
def test_a_wrong_csv_is_refused_with_its_line(text: str, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert all(word in str(caught.value) for word in words), caught.value


def bad_paths(folder: Path) -> dict[str, Path]:
    (folder / "empty").mkdir()
    (folder / "unknown/train/angryish").mkdir(parents=True)
    cv2.imwrite(str(folder / "unknown/train/angryish/a.png"), np.zeros((48, 48), np.uint8))
    (folder / "wide/train/happy").mkdir(parents=True)
    cv2.imwrite(str(folder / "wide/train/happy/a.png"), np.zeros((48, 96), np.uint8))
    (folder / "no_images/train/happy").mkdir(parents=True)
    (folder / "broken/train/happy").mkdir(parents=True)
    (folder / "broken/train/happy/a.jpg").write_text("no image")
    (folder / "cut/train/happy").mkdir(parents=True)
    jpeg = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8))[1].tobytes()
    (folder / "cut/train/happy/a.jpg").write_bytes(jpeg[: len(jpeg) * 2 // 3])
    (folder / "junk.csv").write_bytes(bytes(range(256)) * 20)
    whole = zipped(write_csv(folder / "fer2013.csv", SPLITS), folder)
    (folder / "cut.zip").write_bytes(whole.read_bytes()[:5000])
    packed = gzipped(folder / "fer2013.csv", folder)
    (folder / "cut.csv.gz").write_bytes(packed.read_bytes()[:5000])
    (folder / "stub.csv.gz").write_bytes(packed.read_bytes()[:5])
    (folder / "wrong.csv.gz").write_bytes(gzip.compress(row(emotion="9").encode()))
    names = ("empty", "unknown", "wide", "no_images", "broken", "cut", "junk.csv", "none")
    names += ("cut.zip", "cut.csv.gz", "stub.csv.gz", "wrong.csv.gz")
    return {name: folder / name for name in names}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "found none"),
        ("unknown", "unknown emotion 'angryish'"),
        ("wide", "expected a square crop of a face, found 96x48 pixels"),
        ("no_images", "no images"),
        ("broken", "not a readable image"),
        ("cut", "not a readable image"),
        ("junk.csv", "not a CSV file"),
        ("cut.zip", "download it again"),
        ("cut.csv.gz", "damaged"),
        ("stub.csv.gz", "damaged"),
        ("wrong.csv.gz", r"wrong\.csv\.gz/fer2013\.csv: line 3: unknown emotion"),  # not where it was unpacked
        ("none", "no such file or folder"),
    ],
)
def test_what_is_no_data_set_is_refused(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read(bad_paths(tmp_path)[name])


@pytest.mark.parametrize("arguments", [["check-data", "fer2013.csv"], ["fit", "--data", "fer2013.csv", "--out", "run"]])
def test_the_command_says_it_and_what_to_do_and_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "fer2013.csv").write_text(row(emotion="9"))
    command = [sys.executable, "-m", "train", *arguments]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert [path.name for path in tmp_path.iterdir()] == ["fer2013.csv"]
    assert done.returncode == 2
    said, remedy = done.stderr.splitlines()
    assert said.startswith("train: fer2013.csv: line 3: unknown emotion '9'")
    assert remedy == "   -> download it again, or correct it"


@pytest.mark.skipif(not SHARED_FER2013.is_dir(), reason="no ../shared/data/fer2013 here")
def test_real_folders_hold_what_the_real_csv_holds(tmp_path: Path) -> None:
    unpack = str(SHARED_FER2013 / "unpack.py")
    for kind, target in (("csv", "fer2013.csv"), ("folders", "kaggle")):
        subprocess.run([sys.executable, unpack, kind, str(tmp_path / target)], check=True)
    one = load(tmp_path / "fer2013.csv")
    other = load(tmp_path / "kaggle")
    assert one.dropped_duplicates == other.dropped_duplicates == 308
    assert one.train.counts() == other.train.counts()
    assert one.validation.counts() == other.validation.counts()
    assert content(one.train) == content(other.train)


def test_a_folder_of_emotions_is_a_test_split_of_crops_of_any_size(tmp_path: Path) -> None:
    for label in ("happy", "sad"):
        (tmp_path / label).mkdir()
        cv2.imwrite(str(tmp_path / label / "a.png"), np.full((160, 160), 200 if label == "happy" else 50, np.uint8))
    test = read(tmp_path).test
    assert test.images.shape == (2, 48, 48)
    assert {LABELS[label]: int(image[0, 0]) for label, image in zip(test.labels, test.images, strict=True)} == {
        "happy": 200,
        "sad": 50,
    }
    cv2.imwrite(str(tmp_path / "sad" / "b.png"), np.zeros((160, 100), np.uint8))
    with pytest.raises(DataError, match="found 100x160"):
        read(tmp_path)
