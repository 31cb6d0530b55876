"""The real `analyze`, on good, damaged and missing input."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.cameras import DEMO
from edge.contract import LABELS
from tests.edge.conftest import SHARED, Program, errors


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def photos(tmp_path: Path, demo_frames: list[np.ndarray]) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.jpg"), demo_frames[0])
    cv2.imwrite(str(folder / "b.png"), demo_frames[5])
    cv2.imwrite(str(folder / "wall.jpg"), np.full((200, 300), 128, np.uint8))
    return folder


def short_video(path: Path, frames: list[np.ndarray]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for frame in frames * 4:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_photos_give_a_line_each_in_the_documented_form(program: Program, photos: Path) -> None:
    done = program("analyze", photos)
    assert done.returncode == 0, done.stderr
    one, two, wall = lines(done.stdout)
    assert list(one) == ["source", "frame", "time_s", "faces"]
    assert (one["source"], one["frame"], one["time_s"]) == (str(photos / "a.jpg"), 0, 0.0)
    face = one["faces"][0]
    assert list(face) == ["track", "box_xywh", "detection_score", "emotion", "score", "certain", "probabilities"]
    assert face["track"] == 1
    assert face["emotion"] == "happy"
    assert list(face["probabilities"]) == list(LABELS)
    assert face["score"] == max(face["probabilities"].values())
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=0.001)
    assert len(two["faces"]) == 2
    assert wall["faces"] == []


def test_a_video_gives_a_line_a_frame_and_its_faces_keep_their_numbers(program: Program, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    done = program("analyze", DEMO, "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    found = lines(output.read_text())
    assert [line["frame"] for line in found] == list(range(180))
    assert found[15]["time_s"] == 1.0
    assert {face["track"] for line in found[:60] for face in line["faces"]} == {1}


def test_damaged_files_are_named_and_the_rest_is_analyzed(
    program: Program, photos: Path, tmp_path: Path, demo_frames: list[np.ndarray]
) -> None:
    whole = (photos / "a.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "text.png").write_text("not a picture")
    video = short_video(tmp_path / "whole.avi", demo_frames).read_bytes()
    (photos / "cut.avi").write_bytes(video[: len(video) * 2 // 3])
    (photos / "text.mp4").write_text("not a video")
    done = program("analyze", photos)
    assert done.returncode == 1
    reported = errors(done)
    assert len(reported) == 4
    assert [sum(name in line for line in reported) for name in ("cut.jpg", "text.png", "cut.avi", "text.mp4")] == [
        1
    ] * 4
    sources = [Path(line["source"]).name for line in lines(done.stdout)]
    assert {"a.jpg", "b.png", "wall.jpg"} <= set(sources)
    assert 10 <= sources.count("cut.avi") < 24
    assert "cut.jpg" not in sources


@pytest.mark.parametrize(("make", "words"), [("empty", "no pictures or videos"), ("none", "no such file or folder")])
def test_nothing_to_analyze_is_a_usage_error(
    program: Program, photos: Path, tmp_path: Path, make: str, words: str
) -> None:
    path = tmp_path / "input"
    if make == "empty":
        path.mkdir()
    done = program("analyze", photos, path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(errors(done)) == 1
    assert words in errors(done)[0]


def test_annotate_writes_a_picture_a_frame_with_its_boxes(program: Program, photos: Path, tmp_path: Path) -> None:
    done = program("analyze", photos, "--annotate", tmp_path / "boxes")
    assert done.returncode == 0, done.stderr
    written = sorted(path.name for path in (tmp_path / "boxes").iterdir())
    assert written == ["a_000000.jpg", "b_000000.jpg", "wall_000000.jpg"]
    drawn = cv2.imread(str(tmp_path / "boxes" / "a_000000.jpg")).astype(int)
    assert np.ptp(drawn, axis=2).max() > 60  # coloured boxes on gray


def test_without_annotate_no_picture_is_written(program: Program, photos: Path, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    program("analyze", photos)
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not (SHARED / "data" / "photos").is_dir(), reason="no ../shared/data/photos here")
def test_real_photos_have_faces(program: Program, tmp_path: Path) -> None:
    shutil.copytree(SHARED / "data" / "photos", tmp_path / "real")
    done = program("analyze", "real")
    assert done.returncode == 0, done.stderr
    found = lines(done.stdout)
    assert len(found) == 24
    assert sum(bool(line["faces"]) for line in found) >= 17
