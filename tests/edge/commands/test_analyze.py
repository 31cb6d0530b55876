"""The real `analyze`, on good, damaged and missing input."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.cameras import DEMO
from edge.contract import LABELS
from tests.program import TEST_DATA, Program, environment, errors


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


def test_lines_are_not_written_over_a_picture(program: Program, photos: Path) -> None:
    before = (photos / "a.jpg").read_bytes()
    done = program("analyze", photos / "b.png", "--output", photos / "a.jpg")
    assert done.returncode == 2
    assert "give it a name such as faces.jsonl" in errors(done)[0]
    assert (photos / "a.jpg").read_bytes() == before


def test_a_video_gives_a_line_a_frame_and_its_faces_keep_their_numbers(
    program: Program, tmp_path: Path, demo_frames: list[np.ndarray]
) -> None:
    output = tmp_path / "out.jsonl"
    moving = [np.roll(demo_frames[0], 6 * step, axis=1) for step in range(6)]
    done = program("analyze", short_video(tmp_path / "a.avi", moving), "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    found = lines(output.read_text())
    assert [line["frame"] for line in found] == list(range(24))
    assert found[10]["time_s"] == 1.0
    assert [[face["track"] for face in line["faces"]] for line in found] == [[1]] * 24


def test_every_file_starts_with_face_1(program: Program, photos: Path) -> None:
    found = lines(program("analyze", photos / "a.jpg", photos / "a.jpg").stdout)
    assert [face["track"] for line in found for face in line["faces"]] == [1, 1]


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
    others = [line for line in done.stderr.splitlines() if line not in reported and "XNNPACK" not in line]
    assert len(others) == 1
    assert others[0].startswith("INFO 3 pictures, 1 video: ")
    assert others[0].endswith("; 4 files were not read, or not whole")
    assert [sum(name in line for line in reported) for name in ("cut.jpg", "text.png", "cut.avi", "text.mp4")] == [
        1
    ] * 4
    sources = [Path(line["source"]).name for line in lines(done.stdout)]
    assert {"a.jpg", "b.png", "wall.jpg"} <= set(sources)
    assert 10 <= sources.count("cut.avi") < 24
    assert "cut.jpg" not in sources


def last_word(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.splitlines()[-1]


def test_the_last_line_says_what_was_done(program: Program, photos: Path, tmp_path: Path) -> None:
    done = program("analyze", photos, DEMO)
    assert done.returncode == 0
    found = {(line["source"], face["track"]) for line in lines(done.stdout) for face in line["faces"]}
    assert last_word(done) == f"INFO 3 pictures, 1 video: {len(found)} faces"
    done = program("analyze", photos / "a.jpg")
    assert last_word(done) == "INFO 1 picture, 0 videos: 1 face"


def test_every_file_of_a_folder_is_a_line_or_is_named(program: Program, photos: Path, tmp_path: Path) -> None:
    picture = (photos / "a.jpg").read_bytes()
    read = ["c.jfif", "d.jpe", "e", "f.heic", "12:30:05.jpg", "img_%02d.jpg", "a\nb.jpg", os.fsdecode(b"Mumm\xe9.jpg")]
    for name in read:
        (photos / name).write_bytes(picture)
    video = short_video(tmp_path / "a.avi", [cv2.imread(str(photos / "a.jpg"), cv2.IMREAD_GRAYSCALE)]).read_bytes()
    for name in ("g.ts", "h.3gp", os.fsdecode(b"Mumm\xe9.mp4")):
        (photos / name).write_bytes(video)
    for name in ("._a.jpg", ".DS_Store", "__MACOSX/a.jpg", ".thumbnails/a.jpg"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_bytes(b"junk")
    os.mkfifo(photos / "pipe.jpg")
    (photos / "zero.jpg").symlink_to("/dev/zero")
    (photos / "loop").symlink_to(photos, target_is_directory=True)
    (photos / "old.jp2").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40))
    (photos / "empty.jpg").touch()
    (photos / "notes.txt").write_text("notes")
    done = program("analyze", photos)
    assert done.returncode == 1
    sources = {Path(line["source"]).name for line in lines(done.stdout)}
    assert sources == {"a.jpg", "b.png", "wall.jpg", *read, "g.ts", "h.3gp", os.fsdecode(b"Mumm\xe9.mp4")}
    named = [Path(line.split(": ")[0]).name for line in errors(done)]
    assert sorted(named) == ["empty.jpg", "loop", "old.jp2", "pipe.jpg", "zero.jpg"]
    assert "notes.txt: neither a picture nor a video" in done.stderr
    assert (
        last_word(done)
        == "INFO 11 pictures, 3 videos: 14 faces; 1 other file left out; 5 files were not read, or not whole"
    )


def test_notes_beside_the_pictures_are_no_error_unless_they_claim_to_be_one(program: Program, photos: Path) -> None:
    (photos / "notes.txt").write_text("notes")
    assert program("analyze", photos).returncode == 0
    done = program("analyze", photos / "notes.txt")
    assert done.returncode == 1
    assert "expected JPEG, PNG" in errors(done)[0]
    (photos / "notes.jpg").write_text("notes")
    assert program("analyze", photos).returncode == 1


def test_output_is_ascii_and_a_name_that_is_not_utf8_comes_back_from_it(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    name = os.fsdecode(b"J\xfcrgen.jpg")
    shutil.copy(photos / "a.jpg", tmp_path / name)
    done = program("analyze", name, "--annotate", "boxes", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    [line] = lines(done.stdout)
    assert os.fsencode(line["source"]) == b"J\xfcrgen.jpg"
    assert (tmp_path / "boxes" / os.fsdecode(b"J\xfcrgen_000000.jpg")).exists()


def test_small_faces_of_a_large_photo_are_found(
    program: Program, tmp_path: Path, demo_frames: list[np.ndarray]
) -> None:
    """As in a group photo: a face of 37 px, which the detector's own copy of the frame shows with 6."""
    small = cv2.resize(demo_frames[2], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    photo = np.full((2000, 2600), 128, np.uint8)
    for left, top in ((700, 300), (1500, 1300), (2300, 1500)):
        photo[top : top + small.shape[0], left : left + small.shape[1]] = small
    cv2.imwrite(str(tmp_path / "group.jpg"), photo)
    [line] = lines(program("analyze", "group.jpg").stdout)
    assert len(line["faces"]) == 3
    assert all(abs(face["box_xywh"][2] - 37) < 5 for face in line["faces"])


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


def test_a_wrong_path_leaves_earlier_output_alone(program: Program, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("an hour's work\n")
    assert program("analyze", "typo.jpg", "--output", output).returncode == 2
    assert output.read_text() == "an hour's work\n"


@pytest.mark.parametrize("arguments", [[], ["--output", "/dev/full"]])
def test_a_full_disk_under_the_output_is_said_in_one_line(photos: Path, tmp_path: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "edge", "analyze", str(photos), *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, env=environment(), stdout=full, stderr=-1, text=True, timeout=60)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "XNNPACK" not in line] == [
        "ERROR no space left on device",
        "   -> free space, or write elsewhere",
    ]


@pytest.mark.parametrize("end", ["ctrl-c", "closed pipe"])
def test_ended_early_it_stops_without_a_word(end: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge", "analyze", str(DEMO)]
    variables = environment(PYTHONUNBUFFERED="1")
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith("{")
        if end == "ctrl-c":
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        process.stdout.close()
        diagnostics = process.stderr.read()
        code = process.wait(timeout=60)
    assert code == 128 + (signal.SIGINT if end == "ctrl-c" else signal.SIGPIPE)
    assert [line for line in diagnostics.splitlines() if "XNNPACK" not in line] == []


def test_annotate_writes_a_picture_a_frame_with_its_boxes(program: Program, photos: Path, tmp_path: Path) -> None:
    done = program("analyze", photos, "--annotate", tmp_path / "boxes")
    assert done.returncode == 0, done.stderr
    written = sorted(path.name for path in (tmp_path / "boxes").iterdir())
    assert written == ["a_000000.jpg", "b_000000.jpg", "wall_000000.jpg"]
    drawn = cv2.imread(str(tmp_path / "boxes" / "a_000000.jpg")).astype(int)
    assert np.ptp(drawn, axis=2).max() > 60  # coloured boxes on gray


def test_annotate_keeps_the_colours_of_pictures_and_videos(program: Program, tmp_path: Path) -> None:
    blue = np.zeros((120, 160, 3), np.uint8)
    blue[:, :, 0] = 200
    cv2.imwrite(str(tmp_path / "a.png"), blue)
    writer = cv2.VideoWriter(str(tmp_path / "b.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    writer.write(blue)
    writer.release()
    assert program("analyze", "a.png", "b.avi", "--annotate", "boxes").returncode == 0
    for name in ("a", "b"):
        drawn = cv2.imread(str(tmp_path / "boxes" / f"{name}_000000.jpg"))
        assert drawn[60, 80, 0] > 150
        assert drawn[60, 80, 1:].max() < 60


def test_pictures_of_one_name_from_two_folders_are_both_annotated(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    for name in ("happy", "sad"):
        (photos / name).mkdir()
        shutil.copy(photos / "wall.jpg", photos / name / "1.jpg")
    assert program("analyze", photos, "--annotate", tmp_path / "boxes").returncode == 0
    assert len(list((tmp_path / "boxes").iterdir())) == 5


def test_without_annotate_no_picture_is_written(program: Program, photos: Path, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    assert program("analyze", photos).returncode == 0
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not (TEST_DATA / "data" / "photos").is_dir(), reason="no ../shared/data/photos here")
def test_real_photos_have_faces(program: Program, tmp_path: Path) -> None:
    shutil.copytree(TEST_DATA / "data" / "photos", tmp_path / "real")
    done = program("analyze", "real")
    assert done.returncode == 0, done.stderr
    found = lines(done.stdout)
    assert len(found) == 24
    assert sum(bool(line["faces"]) for line in found) >= 17
