"""Folders as other people lay them out: read whole, or refused by name."""

import logging
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contract import LABELS
from tests.synthetic import faces, write_csv
from train.data.fer2013 import read
from train.errors import DataError

OTHER_NAMES = ("anger", "disgusted", "fearful", "happiness", "sadness", "surprised", "neutral")


def write(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(value)
    assert cv2.imwrite(str(path), rng.integers(0, 256, (48, 48), dtype=np.uint8))
    return path


def counts(root: Path) -> tuple[int, int, int]:
    data = read(root)
    return len(data.train), len(data.validation), len(data.test)


@pytest.mark.parametrize(
    "names", [LABELS, OTHER_NAMES, tuple("0123456"), tuple(f"{n} {x}" for n, x in enumerate(LABELS))]
)
@pytest.mark.parametrize("splits", [("train", "valid", "test"), ("Training", "PublicTest", "PrivateTest")])
@pytest.mark.parametrize("order", ["split first", "emotion first", "deep"])
def test_spellings_and_depths(names: tuple[str, ...], splits: tuple[str, ...], order: str, tmp_path: Path) -> None:
    layouts = {"split first": "{1}/{0}", "emotion first": "{0}/{1}", "deep": "a/b/{1}/{0}"}
    for number, name in enumerate(names):
        for split in splits:
            write(tmp_path / layouts[order].format(name, split) / f"{number}.png", number)
    data = read(tmp_path)
    for part in (data.train, data.validation, data.test):
        assert sorted(part.labels.tolist()) == list(range(7))


def test_pictures_of_every_kind_are_read_whatever_their_suffix(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "jpeg", "jpe", "webp", "tif", "tiff", "bmp", "pgm", "PNG"):
        write(tmp_path / "train" / "happy" / f"{suffix}.{suffix}")
    (tmp_path / "train/happy/jpg.jpg").rename(tmp_path / "train/happy/photo.jfif")
    (tmp_path / "train/happy/png.png").rename(tmp_path / "train/happy/without_a_suffix")
    assert counts(tmp_path) == (10, 0, 0)


@pytest.mark.parametrize("name", ["a.heic", "a.mp4", "a", "a.webp", "empty.png"])
def test_a_file_that_cannot_be_read_is_named_and_not_left_out(name: str, tmp_path: Path) -> None:
    write(tmp_path / "train/happy/whole.png")
    (tmp_path / "train/happy" / name).write_bytes(b"" if name == "empty.png" else b"\0\0\0\x18ftypheic" + bytes(200))
    with pytest.raises(DataError, match=f"happy/{name}: not a readable image"):
        read(tmp_path)


def test_a_small_file_that_promises_a_gigapixel_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "train/happy/huge.png")
    content = bytearray(path.read_bytes())
    content[16:24] = (32_000).to_bytes(4, "big") * 2  # width and height of the header
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"huge.png: not a readable image"):
        read(tmp_path)


def test_what_systems_leave_behind_is_skipped_everywhere(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path / part / "happy" / "a.png")
    for junk in ("train/happy/._a.png", "__MACOSX/train/happy/a.png", ".thumbnails/train/happy/a.png"):
        write(tmp_path / junk)
    write(tmp_path / "test/happy/.ipynb_checkpoints/a-checkpoint.png")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / "train/happy" / name).write_bytes(b"\0")
    assert counts(tmp_path) == (1, 0, 1)


def test_unknown_emotions_are_all_listed_with_the_nearest_known_one(tmp_path: Path) -> None:
    for name in ("happy", "contempt", "hapy", "surprized"):
        write(tmp_path / "train" / name / "a.png")
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert "unknown emotion 'contempt', 'hapy' (is it 'happy'?), 'surprized' (is it 'surprised'?)" in str(caught.value)
    assert "angry, disgust, fear, happy, sad, surprise, neutral" in str(caught.value)


def test_unknown_splits_are_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    write(tmp_path / "train/happy/a.png")
    write(tmp_path / "tets/happy/a.png")
    with pytest.raises(DataError, match=r"below train/, validation/ or test/, found 'tets' \(is it 'test'\?\)"):
        read(tmp_path)
    (tmp_path / "train").rename(tmp_path / "trian")
    with pytest.raises(DataError, match=r"found them below 'tets' \(is it 'test'\?\), 'trian' \(is it 'train'\?\)"):
        read(tmp_path)


def test_a_copy_of_the_folders_inside_them_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for root in ("images", "images/images"):
        write(tmp_path / root / "train/happy/a.png")
    assert counts(tmp_path) == (1, 0, 0)
    assert "1 pictures below images/images left out" in caplog.text


def test_a_picture_in_no_emotions_folder_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "train/happy/a.png")
    write(tmp_path / "overview.png")
    assert counts(tmp_path) == (1, 0, 0)
    assert "1 pictures lie in no emotion's folder" in caplog.text and "overview.png" in caplog.text


def test_a_link_that_leads_back_ends(tmp_path: Path) -> None:
    write(tmp_path / "train/happy/a.png")
    (tmp_path / "train/happy/loop").symlink_to(tmp_path)
    assert counts(tmp_path) == (1, 0, 0)


def test_a_table_by_another_name_is_found_and_two_are_a_question(tmp_path: Path) -> None:
    write_csv(tmp_path / "faces.csv", {"Training": faces(1)})
    (tmp_path / "example_submission.csv").write_text("emotion\n1\n")
    assert counts(tmp_path) == (7, 0, 0)
    write_csv(tmp_path / "more.csv", {"Training": faces(1)})
    with pytest.raises(DataError, match=r"several tables of faces \(faces.csv, more.csv\)"):
        read(tmp_path)


def test_the_challenges_train_csv_without_usage_is_all_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_csv(tmp_path / "train.csv", {"Training": faces(2)}, "emotion,pixels")
    with caplog.at_level(logging.WARNING):
        assert counts(tmp_path / "train.csv") == (14, 0, 0)
    assert "no column Usage, so all 14 faces are taken for training faces" in caplog.text
